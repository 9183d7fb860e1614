// Many calls at once: the event loop stays free, aborts end what they should, results never mix, closing answers everybody.
// How a process ends with calls in flight is in test/stress.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { Detector, type Detections, type ImageInput, type LoadOptions } from '../../lib/index.js';

/** One thread and a small input: quick, and steady on a machine that does other things too. */
const small: LoadOptions = { device: 'cpu', precision: 'float32', threads: 1, minSize: 64, maxSize: 128 };
const large: LoadOptions = { ...small, minSize: 512, maxSize: 512 };
const best = { scoreThreshold: 0, maxDetections: 8 };

/** Grey blobs on black, other ones for another seed, so that each picture has a result of its own. */
function picture(seed: number, width = 64, height = 64): ImageInput {
  const data = new Uint8Array(width * height * 3);
  for (let blob = 0; blob < 6; ++blob) {
    const [x, y] = [(seed * 37 + blob * 53) % (width - 12), (seed * 61 + blob * 29) % (height - 12)];
    for (let row = y; row < y + 12; ++row) data.fill(120 + blob * 20, (row * width + x) * 3, (row * width + x + 12) * 3);
  }
  return { data, width, height, channels: 3 };
}

const codeOf = (reason: unknown) => (reason as { code?: string }).code ?? String(reason);
const codes = (results: PromiseSettledResult<Detections>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? 'ok' : codeOf(result.reason)));

test('timers keep firing during a detect', async () => {
  await using detector = await Detector.load('nuclei', large);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  let ticks = 0;
  const timer = setInterval(() => ++ticks, 5);
  delay.enable();
  const start = performance.now();
  await detector.detect(picture(1, 500, 500));
  const took = performance.now() - start;
  delay.disable();
  clearInterval(timer);
  // A call on the event loop would leave one tick, and one delay as long as itself.
  assert.ok(ticks >= 5, `${ticks} ticks in ${took} ms`);
  assert.ok(delay.max / 1e6 < took / 2, `the longest pause was ${delay.max / 1e6} of ${took} ms`);
});

test('fifty calls at once: each gets the result of its own picture', async () => {
  await using detector = await Detector.load('nuclei', small);
  const alone: Detections[] = [];
  for (let seed = 0; seed < 5; ++seed) alone.push(await detector.detect(picture(seed), best));
  assert.notDeepEqual(alone[0]!.instances, alone[1]!.instances);
  const found = await Promise.all(Array.from({ length: 50 }, (_, i) => detector.detect(picture(i % 5), best)));
  found.forEach((detections, i) => assert.deepEqual(detections.instances, alone[i % 5]!.instances, `call ${i}`));
  assert.ok(detector.stats().batches < 55, 'calls that wait travel together');
});

test('other shapes and options in the queue change nothing', async () => {
  await using detector = await Detector.load('nuclei', { ...small, maxBatchSize: 3 });
  const call = (i: number) => ({ image: picture(i, i % 2 ? 64 : 128, 64), options: { ...best, masks: i % 3 > 0 } });
  const calls = Array.from({ length: 12 }, (_, i) => call(i));
  const together = await Promise.all(calls.map(({ image, options }) => detector.detect(image, options)));
  for (const [i, { image, options }] of calls.entries())
    assert.deepEqual(together[i]!.instances, (await detector.detect(image, options)).instances, `call ${i}`);
});

test('an abort before the call, in the queue and in flight', async () => {
  await using detector = await Detector.load('nuclei', { ...large, maxBatchSize: 1 });
  const reason = new Error('changed my mind');
  await assert.rejects(detector.detect(picture(1), { signal: AbortSignal.abort(reason) }), reason);

  const [first, second] = [new AbortController(), new AbortController()];
  const inFlight = detector.detect(picture(1), { signal: first.signal });
  const queued = detector.detect(picture(2), { signal: second.signal });
  const survivor = detector.detect(picture(3));
  await until(() => detector.stats().running === 1 && detector.stats().queued === 2);
  second.abort(reason);
  await assert.rejects(queued, reason);
  await until(() => detector.stats().queued === 1);
  first.abort(reason);
  await assert.rejects(inFlight, reason);
  assert.ok((await survivor).width === 64);
  assert.equal(detector.stats().cancelled, 2);
  assert.equal(detector.stats().completed, 1);
});

test('a full queue turns calls away, a deadline ends them', async () => {
  await using detector = await Detector.load('nuclei', { ...large, maxBatchSize: 1, maxQueueSize: 1 });
  const running = detector.detect(picture(1));
  await until(() => detector.stats().running === 1);
  const late = detector.detect(picture(2), { deadlineMs: 30 });
  await until(() => detector.stats().queued === 1);
  await assert.rejects(detector.detect(picture(3)), { code: 'ERR_MIMDET_QUEUE_FULL' });
  await assert.rejects(late, { code: 'ERR_MIMDET_DEADLINE' });
  assert.equal(detector.stats().running, 1, 'the deadline did not wait for the call before it');
  assert.equal((await running).width, 64);
});

test('a higher priority goes first', async () => {
  await using detector = await Detector.load('nuclei', { ...small, maxBatchSize: 1 });
  const order: string[] = [];
  const call = (name: string, priority: number) => detector.detect(picture(1), { priority }).then(() => order.push(name));
  const calls = [call('first', 0), call('low', -1), call('normal', 0), call('high', 5)];
  await Promise.all(calls);
  assert.ok(order.indexOf('high') < order.indexOf('low') && order.indexOf('normal') < order.indexOf('low'), order.join(' '));
});

test('closing finishes what is in flight, and turns new calls away', async () => {
  const detector = await Detector.load('nuclei', small);
  const calls = Array.from({ length: 6 }, (_, i) => detector.detect(picture(i)));
  const closing = detector.close();
  await assert.rejects(detector.detect(picture(9)), { code: 'ERR_MIMDET_DISPOSED' });
  await closing;
  assert.deepEqual(codes(await Promise.allSettled(calls)), Array<string>(6).fill('ok'));
  await detector.close();
});

test('closing without drain rejects what has not finished', async () => {
  const detector = await Detector.load('nuclei', { ...large, maxBatchSize: 2 });
  const calls = Array.from({ length: 8 }, (_, i) => detector.detect(picture(i)));
  await until(() => detector.stats().running > 0);
  const settled = Promise.allSettled(calls);
  await detector.close({ drain: false });
  const ends = codes(await settled);
  assert.ok(ends.every((code) => code === 'ok' || code === 'ERR_MIMDET_DISPOSED'), ends.join(' '));
  assert.ok(ends.filter((code) => code === 'ERR_MIMDET_DISPOSED').length >= 6, ends.join(' '));
});

test('two detectors side by side keep to their own settings', async () => {
  await using coarse = await Detector.load('nuclei', small);
  await using fine = await Detector.load('nuclei', { ...small, minSize: 128 });
  const images = Array.from({ length: 4 }, (_, i) => picture(i));
  const alone: [Detections, Detections][] = [];
  for (const image of images) alone.push([await coarse.detect(image, best), await fine.detect(image, best)]);
  const mixed = await Promise.all(images.flatMap((image) => [coarse.detect(image, best), fine.detect(image, best)]));
  assert.notDeepEqual(alone[0]![0]!.instances, alone[0]![1]!.instances);
  mixed.forEach((found, i) => assert.deepEqual(found.instances, alone[i >> 1]![i & 1]!.instances));
});

test('an aborted load leaves nothing behind', async () => {
  const reason = new Error('no longer');
  const abort = new AbortController();
  const loading = Detector.load('nuclei', { ...small, signal: abort.signal });
  abort.abort(reason);
  await assert.rejects(loading, reason);
});

test('worker threads detect at the same time as the main thread', async () => {
  await using detector = await Detector.load('nuclei', small);
  const workers = Promise.all([1, 2].map((seed) => runWorker(seed)));
  const here = await Promise.all([1, 2].map((seed) => detector.detect(picture(seed), best)));
  for (const [i, scores] of (await workers).entries())
    assert.deepEqual(scores, here[i]!.instances.map(({ score }) => score));
});

/** Scores of that picture, found by a worker. */
function runWorker(seed: number): Promise<number[]> {
  const workerData = { image: picture(seed), load: small, options: best };
  const worker = new Worker(new URL('60-lifecycle-worker.mjs', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (status) => reject(new Error(`the worker ended with ${status}`)));
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !condition();) {
    assert.ok(Date.now() < end, `never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
