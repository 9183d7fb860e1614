// Short forms of the long runs in bench/: hours of a service in half a minute, and workers that are terminated in the midst of their work.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'node:test';

function run(program: string, ...args: string[]): void {
  const file = fileURLToPath(new URL(`../../bench/${program}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', timeout: 240_000 });
  assert.equal(status, 0, stdout + stderr);
}

test('mixed sizes, cancellations, deadlines and rubbish all at once end as they should', () => run('soak.mjs', '--minutes', '0.5'));
test('workers are terminated at random moments beside a thread that detects', () => run('terminate.mjs', '--times', '40'));
