// Connections that mean no good, or break: bodies that never come, answers that nobody takes, requests behind others on one
// connection. What the door lent must come back each time.
import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import test, { after, before } from 'node:test';
import type { Detector } from '../../lib/index.js';
import { answerBrokenRequest } from '../../lib/serve/socket-errors.js';
import { form, listeningServer, loadNuclei, openServer, picture, raw, until } from '../serve-test.js';

let detector: Detector;
before(async () => {
  detector = await loadNuclei();
});
after(() => detector?.close());

const head = (length: number) => `POST /v1/detect HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: ${length}\r\n\r\n`;
const whole = Buffer.concat([Buffer.from(head(picture.length)), picture]);
const largest = 67_108_864;

interface Caller {
  socket: Socket;
  /** What was received so far. */
  text: () => string;
}

/** A caller that never closes its side, whatever it is told. */
function call(t: { after(end: () => unknown): void }, port: number, bytes: string | Buffer): Caller {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('error', () => {});
  socket.write(bytes);
  t.after(() => socket.destroy());
  return { socket, text: () => text };
}

const metrics = async (app: { inject(url: string): Promise<{ body: string }> }) => (await app.inject('/metrics')).body;

test('bodies that were declared and do not come are given up, and hold nothing any more', async (t) => {
  const { port, door, app } = await listeningServer(detector, t, { requestMs: 3000 });
  const callers = Array.from({ length: 8 }, () => call(t, port, head(largest)));
  await until(() => door.bytes === 8 * largest);
  await until(() => door.bytes === 0);
  await door.drain();
  await until(() => callers.every(({ text }) => text().startsWith('HTTP/1.1 408 Request Timeout\r\n')));
  const body = JSON.parse(callers[0]!.text().split('\r\n\r\n')[1]!) as Record<string, unknown>;
  assert.deepEqual([body['status'], body['code']], [408, 'ERR_MIMDET_INVALID_ARGUMENT']);
  const counts = await metrics(app);
  assert.match(counts, /mimdet_requests_total\{route="\/v1\/detect",method="POST",status="408"\} 8/);
  assert.doesNotMatch(counts, /mimdet_rejections_total\{/);
});

test('a body that makes progress is waited for', async (t) => {
  const { port, door } = await listeningServer(detector, t, { requestMs: 3600 });
  const { socket, text } = call(t, port, head(picture.length));
  for (let i = 0; i < 8; i++) {
    const share = Math.ceil(picture.length / 8);
    socket.write(picture.subarray(i * share, (i + 1) * share));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await until(() => text().includes('"instances"'));
  assert.match(text(), /^HTTP\/1\.1 200 OK/);
  await until(() => door.bytes === 0);
});

test('a head that does not come is answered, and the connection closed', async (t) => {
  const { port, app } = await listeningServer(detector, t, { requestMs: 600 });
  const { socket, text } = call(t, port, 'POST /v1/detect HTTP/1.1\r\nhost: x\r\nx-a: ');
  const connections = () => new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count)));
  await until(() => text() !== '');
  assert.match(text(), /^HTTP\/1\.1 408 /);
  for (let i = 0; i < 100 && (await connections()) > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(await connections(), 0);
  assert.equal(socket.destroyed, false, 'the caller did not close it');
});

test('a broken request’s connection is closed although the caller keeps its side open', async (t) => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise((resolve) => server.once('listening', resolve));
  const { text } = call(t, (server.address() as AddressInfo).port, 'x');
  const socket = await accepted;
  answerBrokenRequest(Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
  await until(() => socket.destroyed && text().endsWith('}'));
});

test('an answer that has begun gets no second head', async (t) => {
  const { app } = await openServer(detector);
  app.get('/half', (_request, reply) => void reply.hijack().raw.writeHead(200, { 'content-length': 10 }).write('half'));
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => app.close());
  const { socket, text } = call(t, (app.server.address() as AddressInfo).port, 'GET /half HTTP/1.1\r\nhost: x\r\n\r\n');
  await until(() => text().endsWith('half'));
  const ended = new Promise((resolve) => socket.once('close', resolve).once('end', resolve));
  socket.write('nonsense\r\n\r\n');
  await ended;
  assert.ok(text().endsWith('half'), text());
});

test('an answer that nobody takes is given up', { timeout: 20_000 }, async (t) => {
  const { app } = await openServer(detector, { requestMs: 1800 });
  const size = 2 ** 27; // more than sockets hold
  app.get('/large', (_request, reply) => reply.send(Buffer.alloc(size)));
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => app.close());
  const { socket } = call(t, (app.server.address() as AddressInfo).port, 'GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
  const accepted = await new Promise<Socket>((resolve) => app.server.once('connection', resolve));
  socket.pause();
  await new Promise((resolve) => accepted.once('close', resolve));
  assert.match(await metrics(app), /mimdet_requests_total\{route="\/large",method="GET",status="499"\} 1/);
});

test('a request that waits behind another on a connection is over when the connection is', async (t) => {
  const { port, door, app } = await listeningServer(detector, t);
  const { socket } = call(t, port, Buffer.concat([whole, Buffer.from(head(largest))]));
  await until(() => door.bytes > largest && door.pictures === 1);
  socket.destroy();
  await until(() => door.bytes === 0 && door.pictures === 0);
  assert.match(await metrics(app), /mimdet_requests_total\{route="\/v1\/detect",method="POST",status="499"\} 2/);
  await door.drain();
});

test('many requests on one connection leave no listeners on it', async (t) => {
  const { port, app, door } = await listeningServer(detector, t, { maxQueue: 100 });
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  const accepted = new Promise<Socket>((resolve) => app.server.once('connection', resolve));
  const { socket, text } = call(t, port, 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
  const counted = (await accepted).listenerCount('close');
  for (let i = 0; i < 30; i++) socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(10));
  await until(() => text().split('"ok"').length === 302);
  assert.ok((await accepted).listenerCount('close') <= counted + 1);
  for (let i = 0; i < 20; i++) socket.write(whole);
  await until(() => door.pictures > 11);
  socket.destroy();
  await until(() => door.pictures === 0 && door.bytes === 0);
  assert.deepEqual(warnings, []);
});

test('a caller that leaves is no error of the server and no rejection', async (t) => {
  const server = await openServer(detector);
  const errors: unknown[] = [];
  server.app.addHook('onRequest', async (request) => {
    request.log = Object.assign(Object.create(request.log), { error: (entry: unknown) => errors.push(entry) });
  });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.app.close());
  const { port } = server.app.server.address() as AddressInfo;
  const { socket } = call(t, port, whole);
  await until(() => server.door.pictures === 1);
  socket.destroy();
  await until(() => server.door.pictures === 0 && server.door.bytes === 0);
  await server.app.inject(raw(picture)); // long enough for an error to be told
  const counts = await metrics(server.app);
  assert.match(counts, /status="499"\} 1/);
  assert.doesNotMatch(counts, /mimdet_rejections_total\{/);
  assert.deepEqual(errors, []);
});

test('a form without a length keeps no more than a body may be', async (t) => {
  const { url, door } = await listeningServer(detector, t, { maxBodyBytes: 200_000 });
  const sent = await form([['a.png', Buffer.alloc(150_000)], ['b.png', Buffer.alloc(150_000)]]);
  const body = new ReadableStream({ start: (to) => (to.enqueue(sent.payload), to.close()) });
  const answer = await fetch(`${url}/v1/detect`, { method: 'POST', headers: sent.headers as Record<string, string>, body, duplex: 'half' } as RequestInit);
  assert.equal(answer.status, 413);
  assert.match(await answer.text(), /at most 200000 bytes for `body`/);
  await until(() => door.bytes === 0);
});
