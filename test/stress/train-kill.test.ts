// A run that is killed and goes on ends with the very bytes of one that was left alone. SIGKILL at random moments, over and over until the
// run is through; 6 kills by default, MIMDET_KILLS=60 for the long form (`MIMDET_KILLS=60 node --import tsx --test test/stress/train-kill.test.ts`).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { microRun, writeTrainingSet } from '../training-set.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const kills = Number(process.env['MIMDET_KILLS'] ?? 6);
const steps = 24;
const folder = mkdtempSync(join(tmpdir(), 'mimdet-kill-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  errors: string;
  ms: number;
}

/** Trains in `name`; killed `killMs` after its start. */
function train(name: string, killMs?: number): Promise<Ended> {
  const start = performance.now();
  const args = [main, 'train', '--config', join(folder, `${name}.json`), '--resume', '--quiet'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const timer = killMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killMs);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve) => {
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, errors, ms: performance.now() - start });
    });
  });
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
  const lines = readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => {
    const { ms: _ms, waitMs: _waitMs, imagesPerSecond: _rate, seconds: _seconds, ...rest } = JSON.parse(line) as Record<string, unknown>;
    return rest;
  });
}

function writeConfig(name: string): void {
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(microRun(join(folder, 'set'), join(folder, name), steps)));
}

let whole: Ended;

before(async () => {
  await writeTrainingSet(join(folder, 'set'));
  writeConfig('whole');
  whole = await train('whole');
  assert.deepEqual([whole.status, whole.errors], [0, '']);
  assert.equal(metrics('whole').length, steps + steps / 4);
});

function same(name: string): void {
  assert.equal(sha(read(name, 'weights.safetensors')), sha(read('whole', 'weights.safetensors')));
  for (const file of ['checkpoints/last', 'checkpoints/best']) assert.equal(sha(tensors(name, file)), sha(tensors('whole', file)), file);
  assert.deepEqual(metrics(name), metrics('whole'));
  const left = readdirSync(join(folder, name, 'checkpoints')).sort();
  assert.deepEqual(left, ['best', 'last'], 'nothing half written is left behind');
}

test('the same run twice gives the same bytes', async () => {
  writeConfig('again');
  assert.equal((await train('again')).status, 0);
  same('again');
});

test(`${kills} kills at random moments`, { timeout: 60_000 + kills * 20_000 }, async (context) => {
  let done = 0;
  for (let run = 0; done < kills; ++run) {
    const name = `killed-${run}`;
    writeConfig(name);
    const moments: number[] = [];
    for (;;) {
      // Anywhere between the first sign of life and the end of an uninterrupted run, and never more often than asked for.
      const moment = Math.random() * whole.ms;
      const ended = await train(name, done < kills ? moment : undefined);
      const seen = `${name} after ${[...moments, moment].map(Math.round).join(', ')} ms: ${ended.errors}`;
      if (ended.signal !== 'SIGKILL') {
        assert.equal(ended.status, 0, seen);
        break;
      }
      moments.push(moment);
      done += 1;
    }
    same(name);
    context.diagnostic(`${name}: killed after ${moments.map(Math.round).join(', ')} ms`);
    rmSync(join(folder, name), { recursive: true });
  }
});
