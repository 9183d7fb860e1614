// Trainer as a program uses it: steps, evaluation, the run's folder, stopping and going on, and everything that ends a run.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Detector, MimdetError, Trainer, type RunOptions, type TrainConfig, type TrainStep } from '../../lib/index.js';
import { readConfigFile } from '../../lib/train/config-file.js';
import { readMetrics } from '../../lib/train/metrics.js';
import { RunFolder } from '../../lib/train/run-folder.js';
import { microRun, writeTrainingSet } from '../training-set.js';

const folder = mkdtempSync(join(tmpdir(), 'mimdet-trainer-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const set = join(folder, 'set');
const micro = (name: string, changes: Partial<TrainConfig> = {}): TrainConfig => {
  const config = microRun(set, join(folder, name));
  const merged = Object.entries(changes).map(([key, value]) => {
    const base = config[key as keyof typeof config] as object | string | undefined;
    return [key, typeof value === 'object' && typeof base === 'object' ? { ...base, ...value } : value];
  });
  return { ...config, ...Object.fromEntries(merged) } as TrainConfig;
};

async function train(config: TrainConfig, options?: RunOptions, onStep?: (step: TrainStep, trainer: Trainer) => unknown) {
  await using trainer = new Trainer(config);
  const steps: TrainStep[] = [];
  for await (const step of trainer.run(options)) {
    steps.push(step);
    if ((await onStep?.(step, trainer)) === 'leave') break;
  }
  return { steps, outcome: trainer.outcome };
}

const weights = (name: string) =>
  createHash('sha256')
    .update(readFileSync(join(folder, name, 'weights.safetensors')))
    .digest('hex');
const numbers = async (name: string) =>
  (await readMetrics(join(folder, name, 'metrics.jsonl'))).map((record) =>
    'loss' in record ? [record.step, record.loss] : record.eval,
  );

let whole: Awaited<ReturnType<typeof train>>;

before(async () => {
  await writeTrainingSet(set);
  whole = await train(micro('whole'));
});

test('steps come in order, with losses that add up, and evaluations where they are due', () => {
  const { steps } = whole;
  assert.deepEqual(
    steps.map(({ step }) => step),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  for (const { loss, losses, lr, objects, ms, waitMs, imagesPerSecond, epoch, step } of steps) {
    const sum = Object.values(losses).reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - loss) < 1e-5 * loss && Number.isFinite(loss));
    assert.ok(lr >= 0 && lr <= 2e-3 && objects > 0 && ms.total > 0 && waitMs >= 0 && imagesPerSecond > 0);
    assert.equal(epoch, step / 3);
  }
  assert.deepEqual(
    steps.filter(({ evaluation }) => evaluation).map(({ step }) => step),
    [4, 8, 12],
  );
  assert.equal(steps[3]!.evaluation!.isBest, true);
  assert.ok(steps[11]!.evaluation!.segm!.AP >= -1 && steps[11]!.evaluation!.bbox!.AP >= -1);
});

test("the run's folder", async () => {
  const { outcome } = whole;
  const files = readdirSync(join(folder, 'whole'));
  for (const file of ['weights.safetensors', 'metrics.jsonl', 'config.yaml', 'checkpoints'])
    assert.ok(files.includes(file), file);
  assert.ok(files.some((file) => file.startsWith('events.out.tfevents.')));
  assert.deepEqual(readdirSync(join(folder, 'whole', 'checkpoints')).sort(), ['best', 'last']);
  const records = await readMetrics(join(folder, 'whole', 'metrics.jsonl'));
  assert.equal(records.length, 15);
  assert.deepEqual([outcome?.step, outcome?.steps, outcome?.ended], [12, 12, 'steps']);
  await using detector = await Detector.load(outcome!.weights, { device: 'cpu' });
  assert.deepEqual(detector.info.classes, ['square', 'disc', 'ball']);
  assert.match(detector.info.card.recipe!, /of 12 steps of 4 pictures/);
  assert.ok(detector.info.card.metrics);
});

test('an abort rejects with its reason after a checkpoint, and the run goes on to the same weights', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const stopped = train(micro('aborted'), { signal: stop.signal }, ({ step }) => step === 5 && stop.abort(reason));
  await assert.rejects(stopped, (error) => error === reason);
  const { steps } = await train(micro('aborted'), { resume: true });
  assert.equal(steps[0]!.step, 6);
  assert.equal(weights('aborted'), weights('whole'));
  assert.deepEqual(await numbers('aborted'), await numbers('whole'));
});

test('an abort in the middle of an evaluation: it is made up for', async () => {
  const stop = new AbortController();
  const onEvent: RunOptions['onEvent'] = ({ kind }) => kind === 'evaluating' && stop.abort();
  await assert.rejects(train(micro('mid-evaluation'), { signal: stop.signal, onEvent }), { name: 'AbortError' });
  await train(micro('mid-evaluation'), { resume: true });
  assert.equal(weights('mid-evaluation'), weights('whole'));
  assert.deepEqual(await numbers('mid-evaluation'), await numbers('whole'));
});

test('an abort before the first step', async () => {
  await assert.rejects(train(micro('at-once'), { signal: AbortSignal.abort() }), { name: 'AbortError' });
  const stop = new AbortController();
  const onEvent: RunOptions['onEvent'] = () => stop.abort();
  await assert.rejects(train(micro('at-once'), { signal: stop.signal, onEvent }), { name: 'AbortError' });
});

test('leaving the loop keeps a checkpoint; without one resuming starts', async () => {
  const { steps } = await train(micro('left'), { resume: true }, ({ step }) => (step === 7 ? 'leave' : undefined));
  assert.equal(steps.length, 7);
  await train(micro('left'), { resume: true });
  assert.equal(weights('left'), weights('whole'));
});

test('a run that is through has nothing left to do', async () => {
  const { steps, outcome } = await train(micro('whole'), { resume: true });
  assert.deepEqual([steps.length, outcome?.step, outcome?.best], [0, 12, whole.outcome?.best]);
});

test('the last checkpoint, kept as the best once more after a kill, leaves nothing beside the two', async () => {
  const run = new RunFolder(join(folder, 'kept-twice'));
  await run.prepare(true);
  writeFileSync(run.last, 'a checkpoint');
  await run.keepLastAsBest();
  await run.keepLastAsBest();
  run.close();
  assert.deepEqual(readdirSync(join(run.path, 'checkpoints')), ['best', 'last']);
  assert.equal(readFileSync(run.best, 'utf8'), 'a checkpoint');
});

test('a folder with a run is not written over, and not shared', async () => {
  await assert.rejects(train(micro('whole')), { code: 'ERR_MIMDET_INVALID_ARGUMENT', message: /for `output\.dir`/ });
  await train(micro('shared'), {}, async ({ step }) => {
    if (step > 1) return 'leave';
    return assert.rejects(train(micro('shared'), { resume: true }), { message: /a folder that no other run uses/ });
  });
});

test('another run may not go on from a checkpoint, and the difference is named', async () => {
  const other = (changes: Partial<TrainConfig>) => train(micro('whole', changes), { resume: true });
  await assert.rejects(other({ optimizer: { lr: 1e-4 } }), { code: 'ERR_MIMDET_WEIGHTS', message: /optimizer\.lr/ });
  await assert.rejects(other({ schedule: { batch: 2, steps: 12 } }), {
    code: 'ERR_MIMDET_INVALID_ARGUMENT',
    message: /schedule\.batch/,
  });
  await assert.rejects(other({ augment: { flip: { vertical: 0.5 } } }), {
    code: 'ERR_MIMDET_INVALID_ARGUMENT',
    message: /`augment`/,
  });
});

test('a run goes on without its initial weights, which may be gone, also from a file: URL', async () => {
  const file = join(folder, 'initial.safetensors');
  const init = pathToFileURL(file).href;
  const config = (name: string) => micro(name, { init, model: undefined, schedule: { steps: 4 }, output: { evaluateEvery: 100, checkpointEvery: 1 } });
  cpSync(join(folder, 'whole', 'weights.safetensors'), file);
  await train(config('initial'));
  const { steps } = await train(config('without-initial'), {}, ({ step }) => (step === 2 ? 'leave' : undefined));
  assert.equal(steps.length, 2);
  rmSync(file);
  const kept = (await readConfigFile(join(folder, 'without-initial', 'config.yaml'))) as TrainConfig;
  assert.equal(kept.init, file);
  const resumed = await train(kept, { resume: true });
  assert.deepEqual(resumed.steps.map(({ step }) => step), [3, 4]);
  assert.equal(weights('without-initial'), weights('initial'));
  await assert.rejects(train({ ...kept, model: { minSize: 32, maxSize: 96 } }, { resume: true }), {
    code: 'ERR_MIMDET_WEIGHTS',
    message: /model\.minSize 64, not 32/,
  });
});

test('weights that could not be written are written by the run that goes on', async () => {
  const refuse = join(folder, 'refused', 'weights.safetensors');
  mkdirSync(join(refuse, 'in-the-way'), { recursive: true });
  await assert.rejects(train(micro('refused')), { code: 'ERR_MIMDET_WEIGHTS' });
  rmSync(refuse, { recursive: true });
  const { outcome } = await train(micro('refused'), { resume: true });
  assert.deepEqual(outcome?.best, whole.outcome?.best);
  assert.equal(weights('refused'), weights('whole'));
  assert.deepEqual(await numbers('refused'), await numbers('whole'));
});

test('patience ends a run that does not get better', async () => {
  const config = micro('patience', {
    optimizer: { lr: 1e-12, ema: 0 },
    schedule: { steps: 100 },
    output: { patience: 2, evaluateEvery: 2 },
  });
  const { outcome } = await train(config);
  assert.deepEqual([outcome?.ended, outcome?.step], ['patience', 6]);
});

test('a loss that is no number ends the run, with the last good checkpoint', async () => {
  const config = micro('diverged', {
    optimizer: { lr: 10, weightDecay: 10, ema: 0 },
    schedule: { steps: 60, warmup: 0 },
    output: { checkpointEvery: 1, evaluateEvery: 1000 },
  });
  await assert.rejects(train(config), (error: MimdetError) => {
    assert.equal(error.code, 'ERR_MIMDET_DIVERGED');
    assert.match(error.message, /step \d+/);
    assert.match(error.message, /checkpoints\/last, of step \d+|there is no checkpoint before it/);
    return true;
  });
});

test('save: the weights of now, during a run and after it', async () => {
  const trainer = new Trainer(micro('saved', { schedule: { steps: 2 } }));
  await assert.rejects(trainer.save(join(folder, 'early.safetensors')), { code: 'ERR_MIMDET_DISPOSED' });
  for await (const { step } of trainer.run()) await trainer.save(join(folder, `step-${step}.safetensors`));
  await trainer.save(join(folder, 'after.safetensors'));
  await trainer.close();
  await assert.rejects(trainer.save(join(folder, 'late.safetensors')), { code: 'ERR_MIMDET_DISPOSED' });
  const bytes = (name: string) => readFileSync(join(folder, name));
  assert.ok(bytes('step-2.safetensors').equals(bytes('after.safetensors')));
  assert.ok(!bytes('step-1.safetensors').equals(bytes('after.safetensors')));
});

test('boxes alone, and sets that mix both', async () => {
  for (const masks of ['none', 'some'] as const) {
    const data = join(folder, masks);
    await writeTrainingSet(data, { masks });
    const notes: string[] = [];
    const config = { ...micro(`run-${masks}`, { schedule: { steps: 4 } }), data };
    const { steps, outcome } = await train(config, { onEvent: (event) => event.kind === 'note' && notes.push(event.text) });
    assert.equal(steps.length, 4);
    assert.ok(
      notes.some((note) => /mask/.test(note)),
      notes.join('\n'),
    );
    assert.equal(outcome?.best?.of, 'bbox');
    assert.equal(
      steps.some(({ losses }) => losses.mask > 0),
      masks === 'some',
    );
    await using detector = await Detector.load(join(folder, `run-${masks}`, 'weights.safetensors'), { device: 'cpu' });
    assert.equal(detector.info.masks, masks === 'some');
    const picture = readdirSync(join(data, 'val')).find((name) => name.endsWith('.png'))!;
    const { instances } = await detector.detect(join(data, 'val', picture), { scoreThreshold: 0 });
    assert.ok(instances.length > 0);
    assert.ok(instances.every(({ mask }) => (mask !== null) === (masks === 'some')), 'a model that never saw a mask invents none');
  }
});

test('a model without masks is judged by boxes, whatever the data for evaluation have', async () => {
  const data = join(folder, 'boxes-and-masks');
  await writeTrainingSet(data, { masks: 'none' });
  cpSync(join(set, 'val.json'), join(data, 'val.json'));
  const { outcome } = await train({ ...micro('boxes-alone', { schedule: { steps: 2 } }), data });
  assert.equal(outcome?.best?.of, 'bbox');
  assert.deepEqual(Object.keys(outcome!.evaluation!), ['bbox']);
  assert.ok(!readFileSync(outcome!.report!, 'utf8').includes('Masks: precision'));
});

test('a picture that goes away in the middle is named, and what was reached is kept', async () => {
  const data = join(folder, 'going');
  await writeTrainingSet(data);
  const config = {
    ...micro('gone', { data: undefined }),
    data: { path: data, cacheMegabytes: 0 },
    compute: { prefetch: 1, device: 'cpu', threads: 1 },
  };
  const work = train(
    config as TrainConfig,
    {},
    ({ step }) => step === 4 && renameSync(join(data, 'train'), join(data, 'away')),
  );
  await assert.rejects(work, { code: 'ERR_MIMDET_DATASET', message: /train\/\d+\.png/ });
  assert.ok(existsSync(join(folder, 'gone', 'checkpoints', 'last')));
});

test('accumulated parts, half precision weights, a range of sample ratios', async () => {
  const config = micro('parts', {
    schedule: { steps: 2, accumulate: 2 },
    output: { half: true },
    model: { sampleRatio: [0.25, 1] },
  });
  const { outcome } = await train(config);
  const size = (name: string) => readFileSync(join(folder, name, 'weights.safetensors')).length;
  assert.ok(size('parts') < 0.6 * size('whole') && outcome?.step === 2);
});

test('one run at a time', async () => {
  await using trainer = new Trainer(micro('twice', { schedule: { steps: 2 } }));
  for await (const _ of trainer.run()) await assert.rejects(trainer.run().next(), { code: 'ERR_MIMDET_INVALID_ARGUMENT' });
});
