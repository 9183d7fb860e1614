// The server's answers: what comes in by form, JSON and bytes, what goes out as JSON, COCO and PNG, and what is refused how.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import sharp from 'sharp';
import { decodeImage, MimdetError, type CocoResult, type Detections, type Detector, type DetectionsJson } from '../../lib/index.js';
import { parseTextOptions } from '../../lib/serve/call-options.js';
import { describeFailure, describeProblem } from '../../lib/serve/problems.js';
import type { Server } from '../../lib/serve/server.js';
import { form, json, loadNuclei, openServer, picture, raw } from '../serve-test.js';

let detector: Detector;
let server: Server;
let alone: Detections;

before(async () => {
  detector = await loadNuclei();
  server = await openServer(detector, { maxImages: 3, maxPixels: 1_000_000, maxBodyBytes: 2 ** 20, maxTiles: 256 });
  alone = await detector.detect(picture);
});
after(async () => {
  await server?.app.close();
  await detector?.close();
});

type Line = DetectionsJson & { file: string; error?: { code: string; message: string } };
const ask = (request: InjectOptions): Promise<LightMyRequestResponse> => server.app.inject(request);
const base64 = picture.toString('base64');
const found = ({ instances }: Line) => instances;

function assertProblem(response: LightMyRequestResponse, status: number, detail: RegExp, code = 'ERR_MIMDET_INVALID_ARGUMENT') {
  assert.equal(response.statusCode, status, response.body);
  assert.match(String(response.headers['content-type']), /^application\/problem\+json/);
  const problem = response.json<Record<string, unknown>>();
  assert.deepEqual([problem['status'], problem['code'], problem['type']], [status, code, `urn:mimdet:error:${code}`]);
  assert.match(String(problem['detail']), detail);
}

test('a form, JSON and bytes give what detect() gives', async () => {
  const expected = alone.toJSON().instances;
  const requests = [await form([['cells.png', picture]]), json({ image: base64 }), raw(picture)];
  for (const request of requests) {
    const response = await ask(request);
    assert.equal(response.statusCode, 200, response.body);
    assert.deepEqual(found(response.json<Line>()), expected);
  }
  const line = (await ask(requests[0]!)).json<Line>();
  assert.deepEqual(Object.keys(line), ['file', 'width', 'height', 'instances', 'ms']);
  assert.deepEqual([line.file, line.width, line.height], ['cells.png', 320, 256]);
  assert.deepEqual(Object.keys(line.ms), ['decode', 'queue', 'model', 'total']);
});

test('several pictures: a bad one does not fail the others', async () => {
  const response = await ask(await form([['a.png', picture], ['b.txt', Buffer.from('text')], ['c.png', picture.subarray(0, 900)]]));
  const { results } = response.json<{ results: Line[] }>();
  assert.deepEqual(results.map(({ file }) => file), ['a.png', 'b.txt', 'c.png']);
  assert.deepEqual(results[0]!.instances, alone.toJSON().instances);
  assert.deepEqual(results.slice(1).map(({ error }) => error?.code), ['ERR_MIMDET_DECODE', 'ERR_MIMDET_DECODE']);
});

test('a list in JSON is answered with a list, even of one', async () => {
  const response = await ask(json({ images: [base64], maxDetections: 2 }));
  assert.deepEqual(response.json<{ results: Line[] }>().results.map((line) => line.instances.length), [2]);
});

test('options in the query, a form and JSON', async () => {
  const expected = (await detector.detect(picture, { scoreThreshold: 0.9, maxDetections: 5, masks: false })).toJSON().instances;
  assert.equal(expected.length, 5);
  const query = raw(picture, '/v1/detect?scoreThreshold=0.9&maxDetections=5&masks=false&classes=nucleus&model=nuclei');
  const fields = await form([['a.png', picture]], [['scoreThreshold', '0.9'], ['maxDetections', '5'], ['masks', 'false']]);
  const body = json({ image: base64, scoreThreshold: 0.9, maxDetections: 5, masks: false, classes: ['nucleus'] });
  for (const request of [query, fields, body]) assert.deepEqual(found((await ask(request)).json<Line>()), expected);
});

test('sampling takes a seed of 64 bits', async () => {
  const seed = 2n ** 64n - 1n;
  const expected = (await detector.detect(picture, { sampleRatio: 0.5, seed, masks: false })).toJSON().instances;
  const query = await ask(raw(picture, `/v1/detect?sampleRatio=0.5&masks=false&seed=${seed}`));
  const body = await ask(json({ image: base64, sampleRatio: 0.5, masks: false, seed: String(seed) }));
  assert.deepEqual([found(query.json<Line>()), found(body.json<Line>())], [expected, expected]);
});

test('COCO, by Accept and by format', async () => {
  const expected = alone.toCoco(1);
  for (const request of [raw(picture, '/v1/detect', { accept: 'application/vnd.mimdet.coco+json' }), raw(picture, '/v1/detect?format=coco')]) {
    assert.deepEqual((await ask(request)).json<CocoResult[]>(), expected);
  }
  const several = await ask({ ...(await form([['x', Buffer.from('no')], ['a.png', picture]])), query: { format: 'coco' } });
  assert.equal(several.headers['mimdet-failed-images'], '1');
  assert.deepEqual(several.json<CocoResult[]>(), alone.toCoco(2));
});

test('a drawn picture', async () => {
  const response = await ask(raw(picture, '/v1/detect', { accept: 'image/png' }));
  assert.equal(response.headers['content-type'], 'image/png');
  assert.deepEqual(response.rawPayload, Buffer.from(await alone.draw(picture)));
  const { width, height } = await decodeImage(response.rawPayload);
  assert.deepEqual([width, height], [320, 256]);
  assertProblem(await ask({ ...(await form([['a', picture], ['b', picture]])), query: { format: 'png' } }), 400, /one picture/);
});

test('wrong options are named, with a suggestion', async () => {
  const wrong: [string, RegExp][] = [
    ['scoreTreshold=0.5', /did you mean "scoreThreshold"/],
    ['scoreThreshold=2', /from 0 to 1 for `scoreThreshold` but received 2/],
    ['scoreThreshold=', /a number for `scoreThreshold`/],
    ['masks=maybe', /true or false/],
    ['classes=nucleos', /did you mean "nucleus"/],
    ['model=nuclai', /did you mean "nuclei"/],
    ['seed=-1', /from 0 to 2\^64/],
    ['deadlineMs=0', /above 0/],
    ['budgetMs=0', /above 0/],
    ['masks=true&masks=false', /one value/],
    ['format=xml', /json, coco, png/],
    ['__proto__=1', /one of/],
    ['signal=1', /one of/],
    ['tile=1', /an integer from 32 to 8192/],
    ['tile=64:33', /`tile.overlap`/],
    ['tile=big', /true or false/],
    ['tta=2', /true or false/],
  ];
  for (const [query, detail] of wrong) assertProblem(await ask(raw(picture, `/v1/detect?${query}`)), 400, detail);
});

test('a wrong option in the query is told though the body has a right one', async () => {
  for (const query of ['scoreThreshold=2', 'deadlineMs=0', 'format=xml', 'model=nuclai', 'classes=nucleos']) {
    const body = { image: base64, scoreThreshold: 0.5, deadlineMs: 9000, format: 'json', model: 'nuclei', classes: ['nucleus'] };
    assertProblem(await ask(json(body, `/v1/detect?${query}`)), 400, new RegExp(query.split('=')[0]!));
  }
});

test('text is base64 and nothing else: no path, no address', async () => {
  for (const image of ['examples/pictures/0e4c2e2780de.png', 'http://127.0.0.1/a.png', 'file:///etc/passwd', '', 'A', 7, null]) {
    assertProblem(await ask(json({ image })), 400, /base64|a picture/);
  }
  // Letters of base64, as it happens: bytes that are no picture.
  for (const image of ['/etc/passwd', 'YWJjZA==']) {
    assertProblem(await ask(json({ image })), 422, /a picture/, 'ERR_MIMDET_DECODE');
  }
  assertProblem(await ask(await form([], [['image', '/etc/passwd']])), 400, /a file for `image`/);
});

test('bodies that do not fit', async () => {
  assertProblem(await ask(json({})), 400, /either `image` or `images`/);
  assertProblem(await ask(json({ image: base64, images: [base64] })), 400, /both/);
  assertProblem(await ask(json({ images: [] })), 400, /a picture for `image` but received none/);
  assertProblem(await ask(json({ image: base64, nix: 1 })), 400, /one of/);
  assertProblem(await ask({ ...json({}), payload: '{"image":', headers: { 'content-type': 'application/json' } }), 400, /./);
  assertProblem(await ask({ ...json({}), payload: '[1]', headers: { 'content-type': 'application/json' } }), 400, /an object/);
  assertProblem(await ask({ ...json({}), payload: '{"__proto__":{}}', headers: { 'content-type': 'application/json' } }), 400, /./);
  assertProblem(await ask(await form([])), 400, /./);
  assertProblem(await ask(raw(Buffer.alloc(0))), 422, /empty/, 'ERR_MIMDET_DECODE');
  assertProblem(await ask(raw(picture, '/v1/detect', { 'content-type': 'text/plain' })), 415, /multipart/);
  assertProblem(await ask({ method: 'POST', url: '/v1/detect' }), 400, /an object/);
  const whole = await form([['a.png', picture]]);
  const cut = (whole.payload as Buffer).subarray(0, 2000);
  assertProblem(await ask({ ...whole, payload: cut }), 400, /whole form/);
  assertProblem(await ask({ ...whole, headers: { 'content-type': 'multipart/form-data' } }), 400, /form/);
});

test('too much: bytes, pictures, pixels', async () => {
  assertProblem(await ask(raw(Buffer.alloc(2 ** 20 + 1))), 413, /at most 1048576 bytes/);
  assertProblem(await ask(await form(Array.from({ length: 4 }, () => ['a', picture]))), 413, /at most 3 pictures .* received 4/);
  assertProblem(await ask(json({ images: Array(4).fill(base64) })), 413, /at most 3/);
  const png = await import('sharp').then(({ default: sharp }) =>
    sharp({ create: { width: 1100, height: 1000, channels: 3, background: 'red' } }).png().toBuffer(),
  );
  assertProblem(await ask(raw(png)), 422, /at most 1000000 pixels .* 1100 x 1000/, 'ERR_MIMDET_DECODE');
  const bmp = Buffer.alloc(100);
  bmp.write('BM');
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(20_000, 18);
  bmp.writeInt32LE(-20_000, 22);
  assertProblem(await ask(raw(bmp)), 422, /20000 x 20000/, 'ERR_MIMDET_DECODE');
});

/** A GIF with a whole frame, and after it one that is none. */
async function damagedGif(width: number, height: number): Promise<Buffer> {
  const gif = await sharp({ create: { width, height, channels: 3, background: 'red' } }).gif().toBuffer();
  const sides = [width & 255, width >> 8, height & 255, height >> 8];
  const noFrame = [0x2c, 0, 0, 0, 0, ...sides, 0, 99, 1, 0, 0, 0x3b]; // codes of 99 bits
  return Buffer.concat([gif.subarray(0, -1), Buffer.from(noFrame)]);
}

test('a picture of too many pixels is refused though a part of it is damaged, in tiles too', async () => {
  const gif = await damagedGif(1100, 1000);
  assert.equal((await decodeImage(gif)).width, 1100, 'its first frame is whole');
  for (const query of ['', '?tile=1024']) {
    assertProblem(await ask(raw(gif, `/v1/detect${query}`)), 422, /at most 1000000 pixels .* 1100 x 1000/, 'ERR_MIMDET_DECODE');
  }
  const broken = Buffer.concat([picture.subarray(0, 16), Buffer.alloc(40)]);
  assertProblem(await ask(raw(broken)), 422, /a whole picture .* cannot be decoded/, 'ERR_MIMDET_DECODE');
});

test('tiles are bounded over all pictures of a call', async () => {
  // 320 x 256 pixels in tiles of 32 that share 16: 19 x 15.
  assertProblem(await ask(raw(picture, '/v1/detect?tile=32:16')), 400, /at most 256 tiles for `tile` but received 285/);
  assertProblem(await ask(json({ image: base64, tile: { size: 32, overlap: 16 } })), 400, /received 285/);
  const images = Array(3).fill(base64);
  assertProblem(await ask(json({ images, tile: { size: 40, overlap: 20 } })), 400, /received 540/);
  const response = await ask(json({ images: [base64, 'bm8='], tile: { size: 160, overlap: 0 } }));
  const { results } = response.json<{ results: Line[] }>();
  assert.deepEqual(results.map(({ error }) => error?.code), [undefined, 'ERR_MIMDET_DECODE']);
});

test('callers may let others pass, and not push in front of them unless they are allowed to', async (t) => {
  for (const request of [raw(picture, '/v1/detect?priority=1'), json({ image: base64, priority: 1000 })]) {
    assertProblem(await ask(request), 400, /from -1000 to 0 for `priority` but received 1/);
  }
  assert.equal((await ask(raw(picture, '/v1/detect?priority=-1000'))).statusCode, 200);
  const trusting = await openServer(detector, { maxPriority: 10 });
  t.after(() => trusting.app.close());
  assert.equal((await trusting.app.inject(raw(picture, '/v1/detect?priority=10'))).statusCode, 200);
  assert.equal((await trusting.app.inject(raw(picture, '/v1/detect?priority=11'))).statusCode, 400);
});

test('a text that is no number is refused at once, however long', () => {
  const start = performance.now();
  for (const text of [`${'1'.repeat(500_000)}x`, '1'.repeat(500_000), `1.${'0'.repeat(500_000)}`]) {
    assert.throws(() => parseTextOptions({ scoreThreshold: text }), /a number for `scoreThreshold`/);
  }
  assert.ok(performance.now() - start < 1000);
  const numbers = ['1', '-1', '+1.', '.5', '0.25', '1e3', '1E-3'].map((priority) => parseTextOptions({ priority })['priority']);
  assert.deepEqual(numbers, [1, -1, 1, 0.5, 0.25, 1000, 0.001]);
  for (const priority of ['.', '', 'e1', '1e', '0x1', ' 1', 'NaN']) assert.throws(() => parseTextOptions({ priority }), /a number/);
});

test('faults of the server keep their words to themselves, among several results too', () => {
  for (const code of ['ERR_MIMDET_INTERNAL', 'ERR_MIMDET_DEVICE'] as const) {
    const error = new MimdetError(code, 'Expected no secret');
    assert.equal(describeProblem(error, 'req-1').problem.status, 500);
    for (const told of [describeProblem(error, 'req-1'), describeFailure(error)]) assert.doesNotMatch(JSON.stringify(told), /secret/);
    assert.equal(describeFailure(error).code, code);
  }
  const mistake = new MimdetError('ERR_MIMDET_DECODE', 'Expected a whole picture');
  assert.deepEqual(describeFailure(mistake), { code: 'ERR_MIMDET_DECODE', message: 'Expected a whole picture' });
});

test('paths, methods and forms of answers that are not there', async () => {
  assertProblem(await ask({ method: 'GET', url: '/nix' }), 404, /a path/);
  const wrongMethod = await ask({ method: 'DELETE', url: '/v1/detect' });
  assertProblem(wrongMethod, 405, /Expected POST/);
  assert.equal(wrongMethod.headers['allow'], 'POST');
  assertProblem(await ask(raw(picture, '/v1/detect', { accept: 'text/csv' })), 406, /image\/png/);
  assertProblem(await ask({ method: 'GET', url: '/%zz' }), 400, /./);
});

test('models, health, metrics, documents, the page', async () => {
  const { models } = (await ask({ url: '/v1/models' })).json<{ models: Record<string, unknown>[] }>();
  assert.deepEqual(models.map(({ name, classes, default: first }) => [name, classes, first]), [['nuclei', ['nucleus'], true]]);
  assert.equal((models[0]!['card'] as { license: string }).license, 'CC0-1.0');
  assert.deepEqual((await ask({ url: '/healthz' })).json(), { status: 'ok' });
  assert.deepEqual((await ask({ url: '/readyz' })).json(), { status: 'ready' });
  const metrics = (await ask({ url: '/metrics' })).body;
  for (const line of [/^mimdet_queue_depth\{model="nuclei"\} 0$/m, /^mimdet_requests_total\{route="\/v1\/detect",method="POST",status="200"\} \d+$/m, /^nodejs_eventloop_lag_p99_seconds /m, /^process_resident_memory_bytes /m, /^mimdet_stage_seconds_count\{model="nuclei",stage="model"\} \d+$/m, /^mimdet_batch_size_count/m]) {
    assert.match(metrics, line);
  }
  const document = (await ask({ url: '/openapi.json' })).json<{ openapi: string; paths: Record<string, unknown> }>();
  assert.equal(document.openapi, '3.1.0');
  assert.ok('/v1/detect' in document.paths);
  const docs = await ask({ url: '/docs/' });
  assert.equal(docs.statusCode, 200);
  assert.doesNotMatch(docs.body + docs.headers['content-security-policy'], /https?:\/\//);
  const page = await ask({ url: '/' });
  assert.match(String(page.headers['content-security-policy']), /^default-src 'none'/);
  assert.equal((await ask({ url: '/', headers: { 'if-none-match': String(page.headers['etag']) } })).statusCode, 304);
});
