// The addon's trainer itself: strange arguments, cancelled and failed steps, closing, going on from a checkpoint, the end of a worker.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { Worker } from 'node:worker_threads';
import { addon } from '../../lib/native.js';
import type { NativeBatch, NativeTrainer } from '../../lib/native-types.js';

const folder = mkdtempSync(join(tmpdir(), 'mimdet-trainer-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Smaller than any preset, so that a step takes milliseconds. */
function smallOptions(more: object = {}): string {
  const model = JSON.parse(addon().presetConfig('tiny'));
  Object.assign(model, { imageSize: 64, classes: ['a'], minSize: 64, maxSize: 64, sampleRatio: 0.5 });
  Object.assign(model.encoder, { dim: 48, depth: 1, heads: 2 });
  Object.assign(model.decoder, { dim: 32, depth: 1, heads: 2 });
  model.fpn.channels = 16;
  Object.assign(model.roi, { boxConvDim: 16, maskConvDim: 16, boxFcDim: 32, batchPerImage: 16, maskConvs: 1 });
  return JSON.stringify({ model, schedule: { steps: 10, warmupSteps: 1 }, optimizer: { lr: 1e-3 }, seed: 1, threads: 1, emaDecay: 0.9, ...more });
}

let jobs = 1e12;
const job = () => ++jobs;

function sample(seed: number) {
  const data = new Uint8Array(64 * 64 * 3).map((_, i) => (i * 7919 * (seed + 1)) % 251);
  const objects = JSON.stringify([{ classId: 0, box: [8, 8, 40, 40], polygons: [[8, 8, 40, 8, 40, 40, 8, 40]] }]);
  return { image: { data, width: 64, height: 64 }, objects };
}

const augment = JSON.stringify({ minSize: 64, maxSize: 64, sizes: [64], resizeCrop: null });
const batchOf = (first: number): Promise<NativeBatch> =>
  addon().prepareBatch([sample(first), sample(first + 1)], augment, 1n, first, job());

async function train(trainer: NativeTrainer, until: number): Promise<void> {
  while (trainer.step < until) await trainer.trainStep([await batchOf(2 * trainer.step)], job());
}

const create = (more?: object, init = '') => addon().createTrainer(smallOptions(more), init, job());

test('a step reports, and the trainer counts it', async () => {
  const trainer = await create();
  assert.equal(trainer.step, 0);
  const { parameters, trainable, frozen } = JSON.parse(trainer.summary);
  assert.ok(parameters > trainable && frozen.length === 2);
  const report = await trainer.trainStep([await batchOf(0)], job());
  assert.equal(trainer.step, 1);
  assert.equal(report.step, 1);
  assert.equal(report.objects, 2);
  assert.ok(Object.values(report.losses).every(Number.isFinite) && report.gradNorm > 0);
  assert.ok(Math.abs(Object.values(report.losses).reduce((a, b) => a + b) - report.total) < 1e-9);
  await trainer.close();
});

test('a trainer that goes on from a checkpoint writes the same weights, byte for byte', async () => {
  const whole = await create();
  await train(whole, 4);
  const first = await create();
  await train(first, 2);
  await first.saveCheckpoint(join(folder, 'last'), '{"place": 2}', job());
  await first.close();
  const second = await create();
  assert.equal(await second.loadCheckpoint(join(folder, 'last'), job()), '{"place": 2}');
  assert.equal(second.step, 2);
  await train(second, 4);
  for (const which of ['raw', 'ema'] as const) {
    await whole.saveWeights(join(folder, 'a'), which, false, { license: 'CC0-1.0' }, job());
    await second.saveWeights(join(folder, 'b'), which, false, { license: 'CC0-1.0' }, job());
    assert.ok(readFileSync(join(folder, 'a')).equals(readFileSync(join(folder, 'b'))), which);
  }
  await Promise.all([whole.close(), second.close()]);
});

test('saved weights are a model that detects', async () => {
  const trainer = await create();
  await train(trainer, 1);
  const path = join(folder, 'weights.safetensors');
  await trainer.saveWeights(path, 'ema', true, { recipe: 'one step' }, job());
  await trainer.close();
  const { config, metadata } = JSON.parse(addon().inspectWeights(path));
  assert.deepEqual(config.classes, ['a']);
  assert.equal(metadata.recipe, 'one step');
  const load = { device: 'cpu', precision: 'float32', threads: 1, maxBatchSize: 1, maxQueueDelayMs: 0, maxQueueSize: 0, minSize: 0, maxSize: 0 };
  const detector = await addon().loadDetector(path, load, job());
  assert.deepEqual(JSON.parse(detector.info.config), config);
  await detector.close(true);
  const next = await create({}, path);
  assert.deepEqual(JSON.parse(next.summary).notes, []);
  await next.close();
});

test('float16 is for GPUs: on the CPU it is refused rather than endless', async () => {
  await assert.rejects(create({ device: 'cpu', precision: 'float16' }), { code: 'ERR_MIMDET_DEVICE', message: /'float32' or 'bfloat16' on the CPU/ });
});

test('a cancelled step changes nothing', async () => {
  const trainer = await create();
  await train(trainer, 1);
  const batch = await batchOf(2);
  const number = job();
  const step = trainer.trainStep([batch], number);
  addon().cancel(number);
  await assert.rejects(step, { code: 'CANCELLED' });
  assert.equal(trainer.step, 1);
  assert.equal((await trainer.trainStep([batch], job())).step, 2);
  await trainer.close();
});

test('a run that diverges says so with its step', async () => {
  const trainer = await create({ optimizer: { lr: 1000 }, schedule: { steps: 100 } });
  await assert.rejects(train(trainer, 60), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'ERR_MIMDET_DIVERGED');
    assert.match(error.message, new RegExp(`step ${trainer.step + 1}\\b`));
    return true;
  });
  await trainer.close();
});

test('closing finishes what was asked for, and refuses what comes after', async () => {
  const trainer = await create();
  const step = trainer.trainStep([await batchOf(0)], job());
  await Promise.all([trainer.close(), trainer.close()]);
  assert.equal((await step).step, 1);
  await assert.rejects(trainer.trainStep([await batchOf(0)], job()), { code: 'ERR_MIMDET_DISPOSED' });
  await assert.rejects(trainer.saveCheckpoint(join(folder, 'x'), '', job()), { code: 'ERR_MIMDET_DISPOSED' });
});

test('disposed batches, wrong numbers of batches and strange arguments are refused', async () => {
  const trainer = await create();
  const batch = await batchOf(0);
  await assert.rejects(trainer.trainStep([batch, batch], job()), { code: 'ERR_MIMDET_INVALID_ARGUMENT' });
  batch.dispose();
  await assert.rejects(trainer.trainStep([batch], job()), { code: 'ERR_MIMDET_DISPOSED' });
  const strange: unknown[] = [undefined, null, 1, NaN, -1n, '', 'x'.repeat(1e5), {}, [], [{}], new Uint8Array(3), () => 1, Symbol('s')];
  const methods = ['trainStep', 'saveWeights', 'saveCheckpoint', 'loadCheckpoint'] as const;
  for (const name of methods)
    for (const value of strange)
      await assert.rejects((trainer[name] as (...values: unknown[]) => Promise<unknown>)(value, value, value, value, value), (error: { code?: string }) =>
        error instanceof TypeError || (/^ERR_MIMDET_/.test(error.code ?? '') && error.code !== 'ERR_MIMDET_INTERNAL'), `${name} ${String(value).slice(0, 20)}`);
  for (const value of strange)
    await assert.rejects((addon().createTrainer as (...values: unknown[]) => Promise<unknown>)(value, value, value), { code: 'ERR_MIMDET_INVALID_ARGUMENT' });
  assert.equal((await trainer.trainStep([await batchOf(0)], job())).step, 1);
  await trainer.close();
});

test('files that cannot be written or read are told of by name', async () => {
  const trainer = await create();
  const missing = join(folder, 'no', 'such', 'folder', 'file');
  await assert.rejects(trainer.saveCheckpoint(missing, '', job()), { code: 'ERR_MIMDET_WEIGHTS', message: /no\/such\/folder/ });
  await assert.rejects(trainer.saveWeights(missing, 'raw', false, {}, job()), { code: 'ERR_MIMDET_WEIGHTS' });
  await assert.rejects(trainer.loadCheckpoint(missing, job()), { code: 'ERR_MIMDET_WEIGHTS' });
  await trainer.saveCheckpoint(join(folder, 'mine'), '', job());
  const other = await create({ seed: 2 });
  await assert.rejects(other.loadCheckpoint(join(folder, 'mine'), job()), { code: 'ERR_MIMDET_WEIGHTS', message: /seed 1, not 2/ });
  await assert.rejects(create({}, join(folder, 'mine')), { code: 'ERR_MIMDET_WEIGHTS' });
  await Promise.all([trainer.close(), other.close()]);
});

test('a worker that ends in the middle of a step takes nothing with it', async () => {
  const trainer = await create();
  for (let i = 0; i < 3; ++i) {
    const program = `
      import { parentPort, workerData } from 'node:worker_threads';
      const { addon } = await import(workerData.native);
      const native = addon();
      const trainer = await native.createTrainer(workerData.options, '', 1);
      const batch = await native.prepareBatch(workerData.samples, workerData.augment, 1n, 0, 2);
      parentPort.postMessage('ready');
      for (let job = 3; ; ++job) await trainer.trainStep([batch], job);`;
    const workerData = { native: new URL('../../dist/native.js', import.meta.url).href, options: smallOptions(), samples: [sample(0)], augment };
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { workerData });
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await new Promise((resolve) => setTimeout(resolve, 20 * i));
    await worker.terminate();
  }
  await train(trainer, 2);
  await trainer.close();
});
