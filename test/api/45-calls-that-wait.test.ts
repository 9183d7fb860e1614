// What a call waits for before the model: room for its pixels, by their true number; its deadline, its priority and its caller count
// there too. And tiles, which never take the places of calls.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import type { Loan } from '../../lib/admission.js';
import { Detector, type RawImage } from '../../lib/index.js';
import { decoding } from '../../lib/image.js';
import { pixelMemory } from '../../lib/pixel-memory.js';

const small = { device: 'cpu', threads: 1, minSize: 64, maxSize: 128 } as const;
const mebibyte = 2 ** 20;
let detector: Detector;
/** 2000 x 2000 pixels in a few kilobytes: 12 MB when it is decoded. */
let white: Uint8Array;

before(async () => {
  detector = await Detector.load('nuclei', small);
  white = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'white' } }).png().toBuffer();
});
after(() => detector?.close());

/** Leaves so many bytes of the memory for pictures. */
const leave = (bytes: number): Promise<Loan> => pixelMemory.enter(pixelMemory.limit - bytes);
const grey = (width: number, height: number): RawImage => ({ data: new Uint8Array(width * height).fill(99), width, height, channels: 1 });
const late = { code: 'ERR_MIMDET_DEADLINE', message: /^Expected a result within 50 ms for `deadlineMs` but received none$/ };

test('a picture is let in by its true size, before it is decoded', async () => {
  const others = await leave(mebibyte);
  let isThere = false;
  const waiting = detector.detect(white).then(() => (isThere = true));
  await sleep(50);
  const behind = detector.detect(grey(300, 300)).then(() => (isThere = true)); // it would fit, but comes later
  await sleep(500);
  assert.deepEqual([isThere, pixelMemory.used], [false, pixelMemory.limit - mebibyte]);
  others.resize(pixelMemory.limit - 13e6);
  await Promise.all([waiting, behind]);
  others.end();
});

test('many at once hold no more than the limit', async () => {
  const others = await leave(30e6);
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, pixelMemory.used)), 1);
  await Promise.all(Array.from({ length: 8 }, () => detector.detect(white)));
  clearInterval(timer);
  assert.ok(most > pixelMemory.limit - 30e6 && most <= pixelMemory.limit, `${most}`);
  others.end();
  assert.equal(pixelMemory.used, 0);
});

test('an abort while it waits for room leaves nothing behind', async () => {
  const others = await leave(mebibyte);
  const controller = new AbortController();
  const waiting = detector.detect(white, { signal: controller.signal });
  await sleep(50);
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  assert.equal(decoding.used, 0);
  others.end();
  assert.equal(pixelMemory.used, 0);
});

test('a deadline counts while a call waits for memory, for a thread that decodes, and in tiles', { timeout: 20_000 }, async () => {
  const others = await leave(mebibyte);
  for (const image of [white, grey(1000, 1000)]) {
    await assert.rejects(detector.detect(image, { deadlineMs: 50 }), late);
    await assert.rejects(detector.detect(image, { deadlineMs: 50, tile: true }), late);
  }
  others.end();
  const threads = await decoding.enter(decoding.limit);
  await assert.rejects(detector.detect(white, { deadlineMs: 50 }), late);
  await assert.rejects(detector.detect(white, { deadlineMs: 50, tile: true }), late);
  threads.end();
  const results = detector.detectMany([white, white], { deadlineMs: 0.001 });
  for await (const { error } of results) assert.equal(error?.code, 'ERR_MIMDET_DEADLINE');
});

test('a deadline that is kept leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  assert.equal((await detector.detect(white, { deadlineMs: 600_000 })).width, 2000);
  assert.ok((await detector.detect(grey(64, 64), { deadlineMs: 600_000, tile: true })).width === 64);
  assert.ok(timers() <= before);
});

test('priority and callers count before the model, too', async () => {
  const others = await leave(0);
  const order: string[] = [];
  const call = (name: string, options: object) => detector.detect({ ...grey(64, 64), data: new Uint8Array(64 * 64 * 3), channels: 3 }, options).then(() => order.push(name));
  const calls = [call('a1', { caller: 'a' }), call('a2', { caller: 'a' }), call('b', { caller: 'b' }), call('high', { priority: 1 })];
  await sleep(20);
  others.resize(pixelMemory.limit - 64 * 64 * 3); // one at a time
  await Promise.all(calls);
  others.end();
  assert.deepEqual(order, ['high', 'a1', 'b', 'a2']);
});

test('tiles take no places of a queue: neither they nor other calls are refused', async () => {
  await using narrow = await Detector.load('nuclei', { ...small, maxQueueSize: 4, maxBatchSize: 4 });
  const tiled = [1, 2].map(() => narrow.detect(grey(256, 256), { tile: { size: 64, overlap: 0 }, masks: false }));
  await sleep(50);
  const calls = (count: number) => Promise.all(Array.from({ length: count }, () => narrow.detect(grey(64, 64), { masks: false })));
  await assert.rejects(calls(7), { code: 'ERR_MIMDET_QUEUE_FULL' }, 'four that wait and four at work, of which two are in tiles');
  for (const { width } of await Promise.all(tiled)) assert.equal(width, 256);
  const { completed, rejected } = narrow.stats();
  assert.ok(completed >= 2 * 16);
  assert.equal(rejected, 1);
});
