// Pictures for training as the addon makes them: order, seeds, what is wrong with them, disposal, aborts, and a worker that ends
// amid them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { callNative, runNative } from '../../lib/native.js';
import type { NativeTrainingObject, NativeTrainingSample } from '../../lib/native-types.js';

/** A bright rectangle on black, annotated as a polygon or as run lengths. */
function sample(width: number, height: number, asRuns: boolean): NativeTrainingSample {
  const [x1, y1, x2, y2] = [8, 12, 28, 26];
  const data = new Uint8Array(width * height * 3);
  for (let y = y1; y < y2; ++y) data.fill(250, (y * width + x1) * 3, (y * width + x2) * 3);
  const ring = [x1, y1, x2, y1, x2, y2, x1, y2];
  const mask = asRuns ? { rle: callNative((native) => native.rleFromPolygons([ring], height, width)) } : { polygons: [ring] };
  const object: NativeTrainingObject = { classId: 1, box: [x1, y1, x2, y2], ...mask };
  return { image: { data, width, height }, objects: JSON.stringify([object]) };
}

const samples = () =>
  [sample(64, 48, false), sample(40, 50, true), sample(64, 48, true)].map((one) => ({ ...one, donor: sample(50, 50, true) }));
const options = { minSize: 64, maxSize: 96, flip: { vertical: 0.5 }, quarterTurn: 0.75 };

const prepare = (given: NativeTrainingSample[], augment: object = options, seed = 1n, first = 0, signal?: AbortSignal) =>
  runNative((job, native) => native.prepareBatch(given, JSON.stringify(augment), seed, first, job), signal);

async function made(...rest: Parameters<typeof prepare>) {
  const batch = await prepare(...rest);
  return Array.from({ length: batch.length }, (_, i) => {
    const { image, objects } = batch.picture(i);
    return { ...image, objects: JSON.parse(objects) as NativeTrainingObject[] };
  });
}

test('pictures come in their order, and boxes lie around what is bright', async () => {
  for (let first = 0; first < 40; ++first) {
    for (const { data, width, height, objects } of await made(samples(), options, 3n, first)) {
      assert.equal(data.length, width * height * 3);
      assert.ok(Math.max(width, height) <= 96);
      for (const { box, classId } of objects) {
        assert.equal(classId, 1);
        const at = (x: number, y: number) => data[(Math.floor(y) * width + Math.floor(x)) * 3]!;
        const [x1, y1, x2, y2] = box;
        if (x2 - x1 < 4 || y2 - y1 < 4) continue;
        assert.ok(at((x1 + x2) / 2, (y1 + y2) / 2) > 200 && at(x1 + 1.5, y1 + 1.5) > 100 && at(x2 - 1.5, y2 - 1.5) > 100);
        if (x1 > 3) assert.ok(at(x1 - 3, (y1 + y2) / 2) < 50);
        if (y2 < height - 3) assert.ok(at((x1 + x2) / 2, y2 + 2.5) < 50);
      }
    }
  }
});

test('seed and position decide, not the batch in which a picture stands', async () => {
  const whole = await made(samples(), options, 9n, 100);
  assert.deepEqual(await made(samples(), options, 9n, 100), whole);
  assert.deepEqual(await made(samples().slice(1), options, 9n, 101), whole.slice(1));
  assert.notDeepEqual(await made(samples(), options, 10n, 100), whole);
});

test('copy-paste takes objects of the donor', async () => {
  const pasted = await made(samples(), { ...options, resizeCrop: null, copyPaste: { probability: 1, minVisible: 0 } });
  assert.ok(pasted.every(({ objects }) => objects.length >= 1));
  assert.ok(pasted.some(({ objects }) => objects.length === 2));
});

test('what is wrong is told by its name', async () => {
  const wrong = async (change: Partial<NativeTrainingSample>, augment: object, part: string) =>
    assert.rejects(prepare([sample(64, 48, true), { ...sample(64, 48, true), ...change }], augment), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_MIMDET_INVALID_ARGUMENT');
      assert.ok(error.message.includes(part), error.message);
      return true;
    });
  await wrong({}, { flop: 1 }, 'augment.flop');
  await wrong({ objects: '{}' }, options, 'samples[1].objects');
  await wrong({ objects: '[{"classId":0,"box":[0,0,1]}]' }, options, 'samples[1].objects[0].box');
  await wrong({ objects: sample(40, 40, true).objects }, options, 'samples[1].objects[0].rle.size');
  await wrong({ image: { data: new Uint8Array(5), width: 2, height: 2 } }, options, 'image.data');
});

test('a batch that was disposed of gives no pictures; disposing twice is nothing', async () => {
  const batch = await prepare(samples());
  assert.equal(batch.length, 3);
  assert.throws(() => batch.picture(3), /index/);
  batch.dispose();
  batch.dispose();
  assert.throws(() => batch.picture(0), { code: 'ERR_MIMDET_DISPOSED' });
  assert.equal((await prepare([])).length, 0);
});

test('an abort ends the preparation with its reason', async () => {
  const many = Array.from({ length: 400 }, () => sample(600, 600, true));
  const stop = new AbortController();
  const waiting = prepare(many, {}, 1n, 0, stop.signal);
  const reason = new Error('enough');
  setTimeout(() => stop.abort(reason), 20);
  await assert.rejects(waiting, (error) => error === reason);
});

test('a plan is a permutation in each epoch, with donors of other pictures', () => {
  const { pictures, donors } = callNative((native) => native.trainingPlan(5n, 7, 7, 14));
  for (const epoch of [pictures.slice(0, 7), pictures.slice(7)]) assert.deepEqual([...epoch].sort(), [0, 1, 2, 3, 4, 5, 6]);
  assert.ok(donors.every((donor, i) => donor !== pictures[i]));
  assert.deepEqual(callNative((native) => native.trainingPlan(5n, 7, 9, 3)).pictures, pictures.slice(2, 5));
  for (const [count, first, length] of [[0, 0, 1], [5, -1, 1], [5, 0, 1e12], [5, 0.5, 1]] as const)
    assert.throws(() => callNative((native) => native.trainingPlan(1n, count, first, length)), { code: 'ERR_MIMDET_INVALID_ARGUMENT' });
});

test('a worker may end while its pictures are prepared', async () => {
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData).then(({ addon }) => {
      const side = 1500, data = new Uint8Array(side * side * 3);
      const samples = Array.from({ length: 40 }, () => ({ image: { data, width: side, height: side }, objects: '[]' }));
      addon().prepareBatch(samples, '{}', 1n, 0, 1).catch(() => {});
      parentPort.postMessage('under way');
    });`;
  for (let i = 0; i < 5; ++i) {
    const worker = new Worker(script, { eval: true, workerData: new URL('../../dist/native.js', import.meta.url).href });
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
  }
  assert.equal((await prepare(samples())).length, 3);
});
