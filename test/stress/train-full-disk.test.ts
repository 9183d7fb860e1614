// A disk that runs full ends a run and leaves the checkpoint before it whole: with room again the run goes on to the same
// weights. Needs the right to mount a small file system in memory; skipped where there is none.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { type MimdetError, Trainer } from '../../lib/index.js';
import { microRun, writeTrainingSet } from '../training-set.js';

const folder = mkdtempSync(join(tmpdir(), 'mimdet-disk-'));
const disk = join(folder, 'disk');
mkdirSync(disk);
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk]).status === 0;
after(() => {
  if (isMounted) spawnSync('umount', [disk]);
  rmSync(folder, { recursive: true, force: true });
});

/** Leaves `bytes` of the disk free. */
function fill(bytes: number): void {
  const file = openSync(join(disk, 'filler'), 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(65536));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(file);
  }
  if (bytes > 0) spawnSync('truncate', ['-s', `-${bytes}`, join(disk, 'filler')]);
}

async function train(dir: string, fillAt?: { step: number; leave: number }): Promise<void> {
  await using trainer = new Trainer(microRun(join(folder, 'set'), dir));
  for await (const { step } of trainer.run({ resume: true })) if (step === fillAt?.step) fill(fillAt.leave);
}

test('a full disk', { skip: !isMounted }, async (context) => {
  await writeTrainingSet(join(folder, 'set'));
  const whole = join(folder, 'whole');
  await train(whole);
  // No room for a line of metrics; room for lines, not for a checkpoint; room for half of one; room for weights alone.
  for (const leave of [0, 16_384, 1_000_000, 500_000]) {
    for (const step of [4, 7]) {
      await context.test(`${leave} bytes left after step ${step}`, async () => {
        const dir = join(disk, `run-${leave}-${step}`);
        await assert.rejects(train(dir, { step, leave }), (error: MimdetError) => {
          assert.equal(error.code, 'ERR_MIMDET_WEIGHTS', error.message);
          return true;
        });
        rmSync(join(disk, 'filler'));
        await train(dir);
        const weights = (run: string) => readFileSync(join(run, 'weights.safetensors'));
        assert.ok(weights(dir).equals(weights(whole)));
        rmSync(dir, { recursive: true });
      });
    }
  }
});
