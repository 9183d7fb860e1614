// A run that is killed and goes on ends with the very bytes of one that was left alone. SIGKILL at random moments, over and
// over until the run is through. 6 kills; the long form: MIMDET_KILLS=60 node --import tsx --test test/stress/train-kill.test.ts
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readMetrics } from '../../lib/train/metrics.js';
import { microRun, writeTrainingSet } from '../training-set.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const kills = Number(process.env['MIMDET_KILLS'] ?? 6);
const steps = 16;
const folder = mkdtempSync(join(tmpdir(), 'mimdet-kill-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  errors: string;
}

/** When to kill a run: once it has written so many more lines of metrics, and a moment after that. */
interface Moment {
  lines: number;
  delayMs: number;
}

const linesOf = (name: string) => {
  const file = join(folder, name, 'metrics.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
};

async function killAt(name: string, { lines, delayMs }: Moment, child: ChildProcess): Promise<void> {
  // It first cuts the file back to its checkpoint, so what is there before it starts says nothing.
  const isReady = () => linesOf(name) >= lines || child.exitCode !== null;
  while (!isReady()) await pause(10);
  await pause(delayMs);
  child.kill('SIGKILL');
}

/** Trains in `name`, until it is killed or through. */
async function train(name: string, moment?: Moment): Promise<Ended> {
  const args = [main, 'train', '--config', join(folder, `${name}.json`), '--resume', '--quiet'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal, errors }));
  });
  if (moment) await killAt(name, moment, child);
  return ended;
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const read = (name: string, file: string) => readFileSync(join(folder, name, file));

/** The numbers of a checkpoint: its header also says how long metrics.jsonl is, which the clock decides. */
function tensors(name: string, file: string): Uint8Array {
  const bytes = read(name, file);
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
}

/** metrics.jsonl without what a clock says. */
function metrics(name: string): object[] {
  const lines = readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean);
  return lines.map((line) => {
    const {
      ms: _ms,
      waitMs: _waitMs,
      imagesPerSecond: _rate,
      seconds: _seconds,
      ...rest
    } = JSON.parse(line) as Record<string, unknown>;
    return rest;
  });
}

function writeConfig(name: string): void {
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(microRun(join(folder, 'set'), join(folder, name), steps)));
}

let stepMs = 0;

before(async () => {
  await writeTrainingSet(join(folder, 'set'));
  writeConfig('whole');
  const { status, errors } = await train('whole');
  assert.deepEqual([status, errors], [0, '']);
  const seen = (await readMetrics(join(folder, 'whole', 'metrics.jsonl'))).flatMap((record) =>
    'loss' in record ? [record.ms.total] : [],
  );
  stepMs = seen.reduce((sum, ms) => sum + ms, 0) / seen.length;
  assert.equal(metrics('whole').length, wholeLines);
});

function same(name: string): void {
  assert.equal(sha(read(name, 'weights.safetensors')), sha(read('whole', 'weights.safetensors')));
  for (const file of ['checkpoints/last', 'checkpoints/best'])
    assert.equal(sha(tensors(name, file)), sha(tensors('whole', file)), file);
  assert.deepEqual(metrics(name), metrics('whole'));
  const left = readdirSync(join(folder, name), { recursive: true }).map(String);
  const known = /^(checkpoints(\/(best|last))?|config\.yaml|metrics\.jsonl|report\.html|weights\.safetensors|events\..*)$/;
  assert.deepEqual(
    left.filter((file) => !known.test(file)),
    [],
    'nothing half written is left behind',
  );
}

test('the same run twice gives the same bytes', async () => {
  writeConfig('again');
  assert.equal((await train('again')).status, 0);
  same('again');
});

const wholeLines = steps + steps / 4;
const killsOfRun = 8;

/** Anywhere: while it starts, between two lines, in an evaluation or a checkpoint, while it ends. */
function someMoment(name: string): Moment {
  if (Math.random() < 0.25) return { lines: 0, delayMs: Math.random() * 3000 };
  const there = linesOf(name);
  const further = 1 + Math.floor(Math.random() * Math.min(6, wholeLines - there));
  return { lines: there + further, delayMs: Math.random() * stepMs * 2 };
}

/** Kills a run over and over, then lets it come to its end. @returns the moments */
async function killOften(name: string, most: number): Promise<string[]> {
  const moments: string[] = [];
  for (;;) {
    const moment = moments.length < most && linesOf(name) < wholeLines ? someMoment(name) : undefined;
    const { signal, status, errors } = await train(name, moment);
    if (signal === 'SIGKILL') moments.push(`line ${moment!.lines} + ${Math.round(moment!.delayMs)} ms`);
    else assert.equal(status, 0, `${name}, ${moments.join(', ')}: ${errors}`);
    if (status === 0) return moments;
  }
}

test(`${kills} kills at random moments`, { timeout: 120_000 + kills * 60_000 }, async (context) => {
  let done = 0;
  for (let run = 0; done < kills; ++run) {
    const name = `killed-${run}`;
    writeConfig(name);
    const moments = await killOften(name, Math.min(killsOfRun, kills - done));
    done += moments.length;
    same(name);
    context.diagnostic(`${name}: ${moments.join(', ')}`);
    rmSync(join(folder, name), { recursive: true });
  }
  context.diagnostic(`${done} kills`);
});
