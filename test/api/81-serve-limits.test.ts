// The server over real sockets: a full queue, deadlines, callers that leave, tokens, rates, other origins, and an end that finishes
// what was taken.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { Detector } from '../../lib/index.js';
import type { ServeSettings } from '../../lib/serve/settings.js';
import { readModelNames } from '../../lib/serve/models.js';
import { readTokens, tokenCheck } from '../../lib/serve/tokens.js';
import { listeningServer, loadNuclei, picture, until } from '../serve-test.js';

let detector: Detector;
before(async () => {
  detector = await loadNuclei();
});
after(() => detector?.close());

const listening = (t: { after(end: () => unknown): void }, settings: Partial<ServeSettings> = {}) => listeningServer(detector, t, settings);

const body = new Uint8Array(picture);
const post = (url: string, query = '', headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`${url}/v1/detect${query}`, { method: 'POST', headers: { 'content-type': 'image/png', ...headers }, body, signal: signal ?? null });
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

test('a full queue refuses at once and says when to come back', async (t) => {
  const { url, door } = await listening(t, { maxQueue: 2 });
  const answers = await Promise.all(Array.from({ length: 12 }, () => post(url)));
  const statuses = answers.map(({ status }) => status);
  assert.ok(statuses.filter((status) => status === 200).length >= 2);
  const refused = answers.filter(({ status }) => status === 503);
  assert.equal(refused.length + statuses.filter((status) => status === 200).length, 12);
  assert.ok(refused.length > 0, 'none was refused');
  for (const answer of refused) {
    assert.ok(Number(answer.headers.get('retry-after')) >= 1);
    assert.equal(await codeOf(answer), 'ERR_MIMDET_QUEUE_FULL');
  }
  assert.deepEqual([door.pictures, door.bytes], [0, 0]);
  assert.equal((await post(url)).status, 200);
});

test('more pictures than the queue ever holds are too many, not too early', async (t) => {
  const { app } = await listening(t, { maxQueue: 1 });
  const images = Array(2).fill(picture.toString('base64'));
  assert.equal((await app.inject({ method: 'POST', url: '/v1/detect', payload: { images } })).statusCode, 413);
});

test('a deadline: the caller’s, and never more than the server’s', async (t) => {
  const { url } = await listening(t, { deadlineMs: 5 });
  for (const query of ['?deadlineMs=1', '?deadlineMs=100000', '']) {
    const answer = await post(url, query);
    assert.deepEqual([answer.status, await codeOf(answer)], [504, 'ERR_MIMDET_DEADLINE']);
  }
});

test('a caller that leaves takes its work along', async (t) => {
  const { url, door, app } = await listening(t);
  const cancelled = detector.stats().cancelled;
  const leave = new AbortController();
  const calls = Array.from({ length: 6 }, () => post(url, '', {}, leave.signal));
  await until(() => door.pictures === 6 && detector.stats().queued > 0);
  leave.abort();
  for (const { status } of await Promise.allSettled(calls)) assert.equal(status, 'rejected');
  await until(() => door.pictures === 0 && door.bytes === 0);
  assert.ok(detector.stats().cancelled > cancelled);
  assert.match((await app.inject('/metrics')).body, /mimdet_requests_total\{route="\/v1\/detect",method="POST",status="499"\} 6/);
});

test('bytes in memory are bounded, and a body that never ends holds no place for pictures', async (t) => {
  const { url, door } = await listening(t, { maxBodyBytes: 200_000 });
  const { port } = new URL(url);
  const slow = Array.from({ length: 8 }, () => {
    const request = httpRequest({ port, method: 'POST', path: '/v1/detect', headers: { 'content-type': 'image/png', 'content-length': 200_000 } });
    request.on('error', () => {}).write('x');
    return request;
  });
  await until(() => door.bytes === 1_600_000);
  assert.equal(door.pictures, 0);
  const answer = await post(url);
  assert.deepEqual([answer.status, await codeOf(answer)], [503, 'ERR_MIMDET_QUEUE_FULL']);
  for (const request of slow) request.destroy();
  await until(() => door.bytes === 0);
  assert.equal((await post(url)).status, 200);
});

test('tokens', async (t) => {
  const { url } = await listening(t, { tokens: ['first', 'second'] });
  for (const headers of [{}, { authorization: 'Bearer thirds' }, { authorization: 'Basic first' }, { authorization: 'Bearer' }]) {
    const answer = await post(url, '', headers as Record<string, string>);
    assert.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Bearer realm="mimdet"']);
  }
  assert.equal((await post(url, '', { authorization: 'Bearer second' })).status, 200);
  for (const path of ['/v1/models', '/metrics']) assert.equal((await fetch(url + path)).status, 401);
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/']) assert.equal((await fetch(url + path)).status, 200);
});

test('names of models and classes are not for those without a token', async (t) => {
  const names = /nuclei|nucleus/;
  const locked = await listening(t, { tokens: ['right'] });
  const open = await listening(t);
  for (const path of ['/openapi.json', '/docs/json']) {
    assert.doesNotMatch(await (await fetch(locked.url + path)).text(), names);
    assert.match(await (await fetch(open.url + path)).text(), names);
  }
});

test('a token file: a token a line, # for words', async () => {
  const file = join(tmpdir(), `mimdet-tokens-${process.pid}`);
  writeFileSync(file, '# who\nabc\r\n\n  def  \n');
  assert.deepEqual(await readTokens(file), ['abc', 'def']);
  writeFileSync(file, '# none\n');
  await assert.rejects(readTokens(file), /a file with a token/);
  await assert.rejects(readTokens('/nix'), /ENOENT/);
  assert.doesNotThrow(() => tokenCheck([])(undefined));
});

test('a rate for each client, before its token is looked at', async (t) => {
  const { url } = await listening(t, { ratePerMinute: 3, tokens: ['right'] });
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await fetch(`${url}/v1/models`)).status);
  assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
  const answer = await fetch(`${url}/v1/models`);
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
  assert.match(String(answer.headers.get('content-type')), /problem\+json/);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('other origins: none unless told', async (t) => {
  const origin = 'https://example.org';
  const closed = await listening(t);
  assert.equal((await post(closed.url, '', { origin })).headers.get('access-control-allow-origin'), null);
  const open = await listening(t, { corsOrigins: [origin] });
  assert.equal((await post(open.url, '', { origin })).headers.get('access-control-allow-origin'), origin);
  assert.notEqual((await post(open.url, '', { origin: 'https://evil.example' })).headers.get('access-control-allow-origin'), 'https://evil.example');
  const asks = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
  const preflight = await fetch(`${open.url}/v1/detect`, { method: 'OPTIONS', headers: asks });
  assert.equal(preflight.status, 204);
});

test('while it loads and while it stops: alive, not ready; what was taken is finished', async (t) => {
  const { url, door } = await listening(t);
  door.state = 'loading';
  assert.deepEqual([(await fetch(`${url}/healthz`)).status, (await fetch(`${url}/readyz`)).status, (await post(url)).status], [200, 503, 503]);
  door.state = 'open';
  const taken = Array.from({ length: 3 }, () => post(url));
  await until(() => door.pictures === 3);
  const drained = door.drain();
  assert.equal((await fetch(`${url}/readyz`)).status, 503);
  const late = await post(url);
  assert.deepEqual([late.status, await codeOf(late)], [503, 'ERR_MIMDET_DISPOSED']);
  assert.deepEqual((await Promise.all(taken)).map(({ status }) => status), [200, 200, 200]);
  await drained;
});

test('what is no HTTP gets an answer all the same', async (t) => {
  const { url } = await listening(t);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end('nonsense\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/);
});

test('names of models', () => {
  assert.deepEqual(readModelNames(['nuclei', 'a/cells.safetensors', 'x=b/y=z.safetensors', './a=b']), [
    { name: 'nuclei', source: 'nuclei' },
    { name: 'cells', source: 'a/cells.safetensors' },
    { name: 'x', source: 'b/y=z.safetensors' },
    { name: 'a=b', source: './a=b' },
  ]);
  assert.throws(() => readModelNames(['a/x.safetensors', 'x=y']), /different names/);
});
