// `mimdet train` as a person uses it: flags, a file, checking data, Ctrl-C, going on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { before } from 'node:test';
import type { TrainOutcome } from '../../lib/index.js';
import { microRun, writeTrainingSet } from '../training-set.js';
import { lines, main, mimdet, scratch } from './run-cli.js';

const folder = scratch();
const set = join(folder, 'set');
const config = join(folder, 'run.json');
const metricsOf = (name: string) => lines(readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8'));

before(async () => {
  await writeTrainingSet(set);
  writeFileSync(config, JSON.stringify(microRun('nowhere', 'nowhere', 1000)));
});

const train = (...args: string[]) => mimdet(['train', '--config', config, '--data', set, ...args]);

test('flags go before the file; the outcome as JSON, notes on standard error', async () => {
  const { status, stdout, stderr } = await train(
    '--out',
    join(folder, 'run'),
    '--steps',
    '4',
    '--batch',
    '2',
    '--seed',
    '3',
    '--json',
  );
  assert.equal(status, 0, stderr);
  const outcome = JSON.parse(stdout) as TrainOutcome;
  assert.deepEqual([outcome.step, outcome.steps, outcome.ended, outcome.folder], [4, 4, 'steps', join(folder, 'run')]);
  assert.ok(existsSync(outcome.weights) && existsSync(outcome.report!));
  assert.match(stderr, /Starts from random weights\./);
  assert.match(stderr, /^step 4\/4 {2}loss \d+\.\d+ {2}box AP .* {2}mask AP .*\(best so far\)$/m);
});

test('what it says at the end, and --quiet', async () => {
  const { status, stdout } = await train('--out', join(folder, 'words'), '--steps', '2');
  assert.equal(status, 0);
  assert.match(stdout, /Average Precision/);
  assert.match(stdout, /^weights +.*weights\.safetensors$/m);
  const quiet = await train('--out', join(folder, 'quiet'), '--steps', '1', '--quiet');
  assert.deepEqual([quiet.status, quiet.stdout, quiet.stderr], [0, '', '']);
});

test('Ctrl-C: a checkpoint, status 130, and --resume goes on from it', { timeout: 120_000 }, async () => {
  const out = join(folder, 'stopped');
  const child = spawn(process.execPath, [main, 'train', '--config', config, '--data', set, '--out', out], {
    env: { ...process.env, MIMDET_DEVICE: 'cpu' },
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise((resolve) => child.on('close', resolve));
  while (!existsSync(join(out, 'metrics.jsonl')) || metricsOf('stopped').length < 6)
    await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGINT');
  assert.equal(await ended, 130, errors);
  assert.match(errors, /Stopped\. `mimdet train --resume .*` goes on\./);
  const before = metricsOf('stopped').length;
  const other = await mimdet(['train', '--resume', out, '--steps', '500']);
  assert.deepEqual([other.status, /^ERR_MIMDET_WEIGHTS: .*schedule\.steps/m.test(other.stderr)], [1, true], other.stderr);
  assert.equal(metricsOf('stopped').length, before);
});

test('--resume with nothing else', async () => {
  const out = join(folder, 'resumed');
  assert.equal((await train('--out', out, '--steps', '3', '--quiet')).status, 0);
  const { status, stdout } = await mimdet(['train', '--resume', out, '--json']);
  assert.deepEqual([status, (JSON.parse(stdout) as TrainOutcome).step], [0, 3]);
  const none = await mimdet(['train', '--resume', join(folder, 'nothing')]);
  assert.deepEqual([none.status, /`--resume`/.test(none.stderr)], [2, true]);
});

test('wrong usage: status 2 and the place that is wrong', async () => {
  const wrong: [string[], RegExp][] = [
    [['train'], /`--data`/],
    [
      ['train', '--data', set, '--steps', '1', '--epochs', '1', '--out', join(folder, 'both')],
      /steps or epochs, not both, for `schedule`/,
    ],
    [['train', '--data', set, '--lr', '-1'], /`--lr`/],
    [['train', '--data', set, '--model', 'tniy'], /did you mean "tiny"/],
    [['train', '--data', set, '--checkpoint-every', '3 weeks'], /`output\.checkpointEvery`/],
    [['train', '--config', join(folder, 'none.yaml')], /no such file/],
    [['train', '--data', set, '--out', join(folder, 'run')], /a new folder, or --resume/],
  ];
  writeFileSync(join(folder, 'slip.yaml'), `data: ${set}\noptimizer: { lrr: 1 }\n`);
  wrong.push([['train', '--config', join(folder, 'slip.yaml')], /for `optimizer` but received "lrr" \(did you mean "lr"\?\)/]);
  for (const [args, message] of wrong) {
    const { status, stderr } = await mimdet(args);
    assert.deepEqual([status, message.test(stderr)], [2, true], stderr);
    assert.match(stderr, /^ERR_MIMDET_INVALID_ARGUMENT: /);
  }
});

test('--check: faults on standard error, status 1 with --strict', async () => {
  const bad = join(folder, 'bad');
  await writeTrainingSet(bad, { train: 3, val: 2 });
  const file = join(bad, 'train.json');
  const json = JSON.parse(readFileSync(file, 'utf8')) as {
    annotations: { id: number; bbox: number[]; segmentation?: unknown }[];
  };
  json.annotations[0]!.bbox[2] = 0;
  writeFileSync(file, JSON.stringify(json));
  const check = (...args: string[]) => mimdet(['train', '--data', bad, '--check', ...args]);
  const plain = await check();
  assert.equal(plain.status, 0);
  assert.match(plain.stderr, /annotation 1\b/);
  assert.match(plain.stdout, /^train +3 pictures/m);
  assert.equal((await check('--strict')).status, 1);
  assert.equal((await mimdet(['train', '--data', set, '--check', '--strict'])).status, 0);
  const strict = await mimdet(['train', '--config', config, '--data', bad, '--strict', '--out', join(folder, 'strict')]);
  assert.deepEqual([strict.status, /^ERR_MIMDET_DATASET: /m.test(strict.stderr)], [1, true], strict.stderr);
  assert.match(strict.stderr, /annotation 1\b/);
});
