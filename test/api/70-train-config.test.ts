// The training configuration: what is wrong is told with its place and a suggestion; defaults; the numbers of a run.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configText, readConfigFile } from '../../lib/train/config-file.js';
import { readTrainConfig, trainJsonSchema } from '../../lib/train/config.js';
import { toSteps } from '../../lib/train/durations.js';
import { learningRate } from '../../lib/train/learning-rate.js';
import { runNumbers, trainerOptions } from '../../lib/train/resolve.js';
import type { StartingModel } from '../../lib/train/starting-model.js';

const folder = mkdtempSync(join(tmpdir(), 'mimdet-config-'));
after(() => rmSync(folder, { recursive: true }));

const refused: [config: unknown, message: RegExp][] = [
  [undefined, /^Expected an object for `config` but received undefined$/],
  [[], /^Expected an object for `config` but received an array of 0$/],
  [{}, /^Expected an object for `data` but received nothing$/],
  [{ data: {} }, /^Expected a path for `data\.path` but received nothing$/],
  [{ data: 'x', optimzer: {} }, /for `config` but received "optimzer" \(did you mean "optimizer"\?\)$/],
  [{ data: 'x', lr: 1 }, /for `config` but received "lr" \(did you mean "optimizer\.lr"\?\)$/],
  [{ data: { path: 'x', imges: 'y' } }, /for `data` but received "imges" \(did you mean "images"\?\)$/],
  [
    { data: 'x', augment: { resizeCrop: { cop: 1 } } },
    /for `augment\.resizeCrop` but received "cop" \(did you mean "crop"\?\)$/,
  ],
  [{ data: 'x', optimizer: { lr: -1 } }, /^Expected a number above 0 and at most 10 for `optimizer\.lr` but received -1$/],
  [{ data: 'x', optimizer: { lr: NaN } }, /for `optimizer\.lr` but received NaN$/],
  [{ data: 'x', optimizer: { betas: [0.9] } }, /^Expected two numbers for `optimizer\.betas` but received an array of 1$/],
  [{ data: 'x', optimizer: { lr: 1, baseLr: 1 } }, /^Expected lr or baseLr, not both, for `optimizer` but received both$/],
  [
    { data: 'x', schedule: { kind: 'cosin' } },
    /^Expected one of .* for `schedule\.kind` but received "cosin" \(did you mean "cosine"\?\)$/,
  ],
  [
    { data: 'x', schedule: { warmup: '3 weeks' } },
    /^Expected a number of steps of at least 0, or words such as "2\.5 epochs" for/,
  ],
  [{ data: 'x', schedule: { milestones: [5, 'x'] } }, /for `schedule\.milestones\[1\]` but received "x"$/],
  [{ data: 'x', schedule: { steps: 1, epochs: 1 } }, /^Expected steps or epochs, not both, for `schedule`/],
  [
    { data: 'x', schedule: { batch: 8, accumulate: 3 } },
    /^Expected a number that divides the batch of 8 for `schedule\.accumulate` but received 3$/,
  ],
  [{ data: 'x', schedule: { seed: 1.5 } }, /^Expected a whole number of at least 0 for `schedule\.seed` but received 1\.5$/],
  [{ data: 'x', model: 'tniy' }, /for `model\.preset` but received "tniy" \(did you mean "tiny"\?\)$/],
  [{ data: 'x', model: { preset: 'tiny', config: 'a.json' } }, /^Expected preset or config, not both, for `model`/],
  [{ data: 'x', model: { sampleRatio: [0.9, 0.5] } }, /^Expected two rising numbers, above 0 to 1 for `model\.sampleRatio`/],
  [{ data: 'x', augment: { sizes: [] } }, /for `augment\.sizes` but received an array of 0$/],
  [{ data: 'x', augment: { resizeCrop: 3 } }, /^Expected an object, true or false for `augment\.resizeCrop` but received 3$/],
  [{ data: 'a\0b' }, /^Expected a path for `data\.path`/],
  [
    { data: 'x', compute: { device: 'gpu' } },
    /^Expected 'auto', 'cpu', 'cuda' or 'cuda:N' for `compute\.device` but received "gpu"$/,
  ],
];

for (const [config, message] of refused) {
  test(`refused: ${JSON.stringify(config)}`, () => {
    assert.throws(() => readTrainConfig(config), { code: 'ERR_MIMDET_INVALID_ARGUMENT', message });
  });
}

test('one word stands for data and model; defaults', () => {
  const config = readTrainConfig({ data: 'cells', model: 'base', augment: { resizeCrop: false, copyPaste: true } });
  assert.equal(config.data.path, 'cells');
  assert.equal(config.model.preset, 'base');
  assert.equal(readTrainConfig({ data: 'cells', model: 'a.json' }).model.config, 'a.json');
  assert.deepEqual([config.schedule.batch, config.optimizer.clipNorm, config.schedule.kind], [8, 0, 'cosine']);
});

test('a file in YAML or JSON, and what a run writes reads back the same', async () => {
  const file = join(folder, 'run.yaml');
  writeFileSync(file, 'data: cells\nschedule: { epochs: 2.5, warmup: 1 epoch }\n');
  const config = readTrainConfig(await readConfigFile(file));
  assert.deepEqual([config.schedule.epochs, config.schedule.warmup], [2.5, '1 epoch']);
  writeFileSync(file, configText(config));
  assert.deepEqual(readTrainConfig(await readConfigFile(file)), config);
  writeFileSync(file, JSON.stringify(config));
  assert.deepEqual(readTrainConfig(await readConfigFile(file)), config);
});

test('a file that is none, or not YAML, or blows up', async () => {
  const error = (message: RegExp) => ({ code: 'ERR_MIMDET_INVALID_ARGUMENT', message });
  await assert.rejects(readConfigFile(join(folder, 'none.yaml')), error(/no such file/));
  await assert.rejects(readConfigFile(folder), error(/a folder/));
  const file = join(folder, 'bad.yaml');
  for (const text of ['a: [', 'a: &x [1]\nb: *y', bomb(), 'a: 1\na: 2']) {
    writeFileSync(file, text);
    await assert.rejects(readConfigFile(file), error(/^Expected YAML or JSON for `config` but received/));
  }
  writeFileSync(file, ' '.repeat(2 ** 20 + 1));
  await assert.rejects(readConfigFile(file), error(/at most 1 MiB/));
});

function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 9; ++i)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}

test('durations in steps', () => {
  assert.equal(toSteps(7, 25), 7);
  assert.equal(toSteps('2.5 epochs', 25), 63);
  assert.equal(toSteps('1 epoch', 22.25), 22);
  assert.equal(toSteps(' 30 steps', 22.25), 30);
  assert.equal(toSteps('0.001 epochs', 25, 1), 1);
});

const model = (encoderDim: number) =>
  ({
    config: { encoder: { dim: encoderDim } },
    init: '',
    start: 'random',
    from: 'random weights',
  }) as unknown as StartingModel;

test('the learning rate follows the batch by the rule', () => {
  const lr = (optimizer: object, batch: number, dim = 768) =>
    learningRate(readTrainConfig({ data: 'x', schedule: { batch }, optimizer }), dim, 'random');
  assert.equal(lr({}, 64), 8e-5); // the reference's
  assert.ok(Math.abs(lr({}, 16) - 4e-5) < 1e-12);
  assert.ok(Math.abs(lr({ scaling: 'linear' }, 16) - 2e-5) < 1e-12);
  assert.equal(lr({ scaling: 'none' }, 16), 8e-5);
  assert.equal(lr({ lr: 3e-4 }, 16), 3e-4);
  assert.ok(Math.abs(lr({}, 8, 192) - 4e-4) < 1e-6);
  assert.ok(Math.abs(lr({ baseLr: 1e-3 }, 16) - 5e-4) < 1e-12);
});

test("the numbers of the reference's recipe", () => {
  const config = readTrainConfig({
    data: 'x',
    schedule: { epochs: 36, batch: 64, kind: 'multistep', milestones: ['27 epochs', '33 epochs'], warmup: '0.25 epochs' },
    optimizer: { weightDecay: 0.1 },
  });
  const numbers = runNumbers(config, model(1024), 120_000);
  assert.equal(numbers.steps, 67_500);
  const { schedule, optimizer } = JSON.parse(trainerOptions(config, model(1024), numbers)) as {
    schedule: { milestones: number[]; warmupSteps: number };
    optimizer: { lr: number; multiplier: number; clipNorm: number };
  };
  assert.deepEqual(schedule.milestones, [50_625, 61_875]);
  assert.equal(schedule.warmupSteps, 469);
  assert.deepEqual([optimizer.lr, optimizer.multiplier, optimizer.clipNorm], [8e-5, 3.5, 0]);
});

test('MIMDET_THREADS and MIMDET_DEVICE are checked as a detector does', (t) => {
  const { MIMDET_DEVICE = '', MIMDET_THREADS = '' } = process.env;
  t.after(() => Object.assign(process.env, { MIMDET_DEVICE, MIMDET_THREADS }));
  const numbers = () => runNumbers(readTrainConfig({ data: 'x' }), model(768), 100);
  Object.assign(process.env, { MIMDET_THREADS: '3', MIMDET_DEVICE: 'cpu' });
  assert.deepEqual([numbers().threads, numbers().device], [3, 'cpu']);
  process.env['MIMDET_THREADS'] = 'abc';
  assert.throws(numbers, { code: 'ERR_MIMDET_INVALID_ARGUMENT', message: /from 0 to 1024 for `MIMDET_THREADS` but received NaN/ });
  Object.assign(process.env, { MIMDET_THREADS: '', MIMDET_DEVICE: 'gpu' });
  assert.throws(numbers, /for `MIMDET_DEVICE` but received "gpu"/);
});

test('the published schema is the one in the code', () => {
  const file = fileURLToPath(new URL('../../schema/train.schema.json', import.meta.url));
  const hint = 'run `node --import tsx scripts/train-schema.ts`';
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(JSON.stringify(trainJsonSchema())), hint);
});
