// Whatever is handed to the addon itself, past the checks of lib/: an error with a code or an answer, never a crash.
import assert from 'node:assert/strict';
import test from 'node:test';
import { addon } from '../../lib/native.js';
import type { NativeDetector } from '../../lib/native-types.js';
import { goldenFile } from '../golden-folder.js';

const detached = () => {
  const bytes = new Uint8Array(12);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
};
const throwing = new Proxy({}, {
  get() {
    throw new Error('no property for you');
  },
});

const shared = () => new Uint8Array(new SharedArrayBuffer(12));
const strange: unknown[] = [
  undefined, null, true, 0, -1, 1.5, NaN, Infinity, 2 ** 53, 1n, -1n, 2n ** 70n,
  '', 'nuclei', '\0', 'x'.repeat(100_000), Symbol('s'), () => 1, [], [[]], [1, 'a'], {}, throwing, new Date(),
  new Uint8Array(), new Uint8Array(12), new Float32Array(3), new Int32Array([-1, 7]), detached(), shared(),
  new DataView(new ArrayBuffer(4)), Object.create(null),
  { size: [2, 2], counts: 'zzz' },
  { size: [1e9, 1e9], counts: '' },
  { data: new Uint8Array(12), width: 2, height: 2 },
  { data: new Uint8Array(11), width: 2, height: 2 },
  { data: detached(), width: 2, height: 2 },
  { data: shared(), width: 2, height: 2 },
  { data: new Uint8Array(3), width: 2 ** 31, height: 2 ** 31 },
];

const goodLoad = {
  device: 'cpu', precision: 'float32', threads: 1, maxBatchSize: 1, maxQueueDelayMs: 0, maxQueueSize: 0, minSize: 32, maxSize: 32,
};
const goodDetect = {
  scoreThreshold: 0.5, maxDetections: 0, classIds: new Int32Array(), masks: true, sampleRatio: 1, seed: 0n,
  views: [], priority: 0, caller: '', deadlineMs: 0, budgetMs: 0, spentMs: 0,
};
const goodImage = { data: new Uint8Array(12), width: 2, height: 2 };

/** Calls it, waits for what it promises, and wants an error that says what it is. */
async function survives(call: () => unknown, what: string): Promise<void> {
  try {
    await call();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const says = message === 'no property for you' || /^ERR_MIMDET_/.test(code ?? '') || error instanceof TypeError;
    assert.ok(says, `${what}: ${code} ${message}`);
    assert.notEqual(code, 'ERR_MIMDET_INTERNAL', `${what}: ${message}`);
  }
}

const show = (values: unknown[]) => values.map((value) => `${typeof value} ${strange.indexOf(value)}`).join(', ');

test('every function takes strange arguments at every place', async () => {
  const native = addon() as unknown as Record<string, (...values: unknown[]) => unknown>;
  for (const [name, callee] of Object.entries(native)) {
    if (typeof callee !== 'function') continue;
    await survives(() => callee(), `${name}()`);
    for (const value of strange)
      for (let place = 0; place < 4; ++place) {
        const values = Array.from({ length: 4 }, (_, i) => (i === place ? value : strange[(place * 7 + i) % strange.length]));
        await survives(() => callee(...values), `${name}(${show(values)})`);
        await survives(() => callee(value, value, value, value), `${name} of ${show([value])}`);
      }
  }
});

async function loaded(): Promise<NativeDetector> {
  return addon().loadDetector(goldenFile('nuclei', 'weights.safetensors'), goodLoad, 1e15);
}

test('a detector takes strange pictures and options, and still works', async () => {
  const detector = await loaded();
  const detect = detector.detect as (...values: unknown[]) => Promise<unknown>;
  for (const value of strange) {
    await survives(() => detect(value, goodDetect, 1), `detect(${show([value])})`);
    await survives(() => detect(goodImage, value, 1), `detect(image, ${show([value])})`);
    await survives(() => detect(goodImage, goodDetect, value), `detect(image, options, ${show([value])})`);
    for (const key of Object.keys(goodDetect))
      await survives(() => detect(goodImage, { ...goodDetect, [key]: value }, 1), `${key}: ${show([value])}`);
  }
  for (const sampleRatio of [1e-300, 1e-9, 0.01, 0.999]) await detector.detect(goodImage, { ...goodDetect, sampleRatio }, 0);
  await assert.rejects(detector.detect({ ...goodImage, data: shared() }, goodDetect, 0), /shared memory/);
  assert.equal((await detector.detect(goodImage, goodDetect, 0)).masks?.length, 0);
  await survives(() => (detector.close as (value: unknown) => unknown)(throwing), 'close(throwing)');
  await Promise.all([detector.close(false), detector.close(true), detector.close(false)]);
  await assert.rejects(detector.detect(goodImage, goodDetect, 0), { code: 'ERR_MIMDET_DISPOSED' });
});

test('loading takes strange options', async () => {
  const load = addon().loadDetector as (...values: unknown[]) => Promise<NativeDetector>;
  const source = goldenFile('nuclei', 'weights.safetensors');
  for (const key of Object.keys(goodLoad))
    for (const value of strange)
      await survives(async () => (await load(source, { ...goodLoad, [key]: value }, 1)).close(true), `${key}: ${show([value])}`);
});

test('functions of a detector work without it, and as constructors', async () => {
  const { detect, stats, close } = await loaded();
  assert.equal(stats().completed, 0);
  assert.equal((await detect.call(undefined as never, goodImage, goodDetect, 0)).scores.length, 0);
  await survives(() => new (detect as unknown as new (...values: unknown[]) => object)(goodImage, goodDetect, 0), 'new detect()');
  await close(true);
});

test('a picture that cannot fit into memory is refused before it is tried', async () => {
  const huge = { ...goodLoad, minSize: 60_000, maxSize: 60_000 };
  const detector = await addon().loadDetector(goldenFile('nuclei', 'weights.safetensors'), huge, 0);
  const refusal = { code: 'ERR_MIMDET_OUT_OF_MEMORY', message: /60000 x 60000 pixels/ };
  await assert.rejects(detector.detect(goodImage, goodDetect, 0), refusal);
  await detector.close(true);
});
