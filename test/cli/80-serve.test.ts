// `mimdet serve` as a process: where it listens, what it prints, and how it ends.
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { jsonLines, main, mimdet, pictures, scratch } from './run-cli.js';

const folder = scratch();
const picture = new Uint8Array(readFileSync(join(pictures, '0e4c2e2780de.png')));
const children: ChildProcessWithoutNullStreams[] = [];
after(() => children.forEach((child) => child.kill('SIGKILL')));

interface Served {
  child: ChildProcessWithoutNullStreams;
  url: string;
  log: () => string;
  end: Promise<number | null>;
}

async function serve(...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', ...args], {
    env: { ...process.env, MIMDET_DEVICE: 'cpu', MIMDET_THREADS: '1' },
  });
  children.push(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const end = new Promise<number | null>((resolve) => child.on('close', resolve));
  const first = new Promise<string>((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
  const line = await Promise.race([first, end.then((status) => `ended with ${status}: ${log}`)]);
  const [, url] = /^Listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line) ?? assert.fail(line);
  return { child, url: url!, log: () => log, end };
}

const post = (url: string, headers: Record<string, string> = {}, query = '') =>
  fetch(`${url}/v1/detect${query}`, { method: 'POST', headers: { 'content-type': 'image/png', ...headers }, body: picture });

test('two models, a token, and an end that finishes what was taken', async () => {
  const tokens = join(folder, 'tokens');
  writeFileSync(tokens, 'a-secret-token\n');
  const { child, url, log, end } = await serve('-w', 'nuclei', '-w', 'again=models/nuclei.safetensors', '--token-file', tokens);
  const headers = { authorization: 'Bearer a-secret-token' };
  assert.equal((await post(url)).status, 401);
  const { models } = (await (await fetch(`${url}/v1/models`, { headers })).json()) as { models: { name: string }[] };
  assert.deepEqual(models.map(({ name }) => name), ['nuclei', 'again']);
  const taken = ['', '?model=again', '?model=nuclei'].map((query) => post(url, headers, query));
  await delay(100);
  child.kill('SIGTERM');
  for (const answer of await Promise.all(taken)) assert.equal(answer.status, 200);
  assert.equal(await end, 0);
  const entries = jsonLines<{ msg: string; status?: number; model?: string }>(log());
  assert.deepEqual([entries.some(({ msg }) => msg === 'ready'), entries.at(-1)?.msg], [true, 'stopped']);
  assert.ok(entries.some(({ status, model }) => status === 200 && model === 'again'));
  assert.doesNotMatch(log(), /a-secret-token|Bearer/);
});

test('the end does not wait for a caller who sends no more', async (t) => {
  const { child, url, end } = await serve('-w', 'nuclei', '--quiet', '--deadline-ms', '500');
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  t.after(() => socket.destroy());
  socket.write('POST /v1/detect HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 1000\r\n\r\n');
  await delay(200);
  const start = performance.now();
  child.kill('SIGTERM');
  assert.equal(await end, 0);
  assert.ok(performance.now() - start < 10_000);
});

test('a second signal does not wait', async () => {
  const { child, url, end } = await serve('-w', 'nuclei', '--quiet');
  const calls = Array.from({ length: 40 }, () => post(url).catch(() => undefined));
  await delay(200);
  child.kill('SIGINT');
  await delay(100);
  const start = performance.now();
  child.kill('SIGINT');
  assert.equal(await end, 130);
  assert.ok(performance.now() - start < 3000);
  await Promise.all(calls);
});

test('wrong usage, and an address that is taken', async () => {
  const wrong: [string[], RegExp][] = [
    [[], /`--weights` but received nothing/],
    [['-w', 'nuclei', '-w', 'models/nuclei.safetensors'], /different names/],
    [['-w', 'nuclei', '--max-queue', '0'], /--max-queue/],
    [['-w', 'nuclei', '--token-file', '/nix'], /ENOENT/],
    [['-w', 'nuclei', '--cors-origin', 'example.org'], /--cors-origin/],
    [['-w', 'nuclei', '--trust-proxy', 'nix'], /--trust-proxy/],
    [['-w', 'nuclei', '--trust-proxy', '10.0.0.0/0'], /--trust-proxy/],
    [['-w', 'nuclei', '--trust-proxy', '::/0'], /--trust-proxy/],
    [['-w', 'nuclei', '--max-tiles', '0'], /--max-tiles/],
    [['-w', 'nuclei', '--max-priority', '1001'], /--max-priority/],
    [['-w', 'nuclei', '--host', 'nix.invalid'], /--host/],
  ];
  const ends = wrong.map(async ([args, message]) => {
    const { status, stderr } = await mimdet(['serve', '--quiet', '--port', '0', ...args]);
    assert.deepEqual([status, message.test(stderr)], [2, true], stderr);
  });
  await Promise.all(ends);
  const missing = await mimdet(['serve', '--quiet', '--port', '0', '-w', 'nuclai']);
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /^ERR_MIMDET_WEIGHTS: .*did you mean "nuclei"/);
  const { url, child, end } = await serve('-w', 'nuclei', '--quiet');
  const second = await mimdet(['serve', '-w', 'nuclei', '--quiet', '--port', new URL(url).port]);
  assert.deepEqual([second.status, /EADDRINUSE/.test(second.stderr)], [2, true]);
  child.kill('SIGTERM');
  assert.equal(await end, 0);
});
