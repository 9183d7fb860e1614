// A process that ends with work in flight neither crashes nor waits for the work. Each way of ending runs once, at a random
// moment; MIMDET_STRESS=20 runs each twenty times.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'node:test';

const program = fileURLToPath(new URL('ending.mjs', import.meta.url));
const rounds = Number(process.env.MIMDET_STRESS ?? 1);
const random = Math.random;

interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  errors: string;
  workMs: number; // of one call
  endingMs: number; // from the wish to end until the end
}

function run(how: string, waitMs: number): Promise<Ended> {
  const child = spawn(process.execPath, [program, how, String(waitMs)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors, endingAt] = ['', '', 0];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (endingAt === 0 && output.includes('ending')) endingAt = performance.now();
  });
  return new Promise((resolve) => {
    child.on('close', (status, signal) => {
      const workMs = Number(/^work (.*)$/m.exec(output)?.[1] ?? 0);
      resolve({ status, signal, output, errors, workMs, endingMs: performance.now() - endingAt });
    });
  });
}

/** What each way of ending must give: the exit status, and what standard error may say. */
const ways: Record<string, { status: number; says?: RegExp; prints?: string }> = {
  exit: { status: 3 },
  throw: { status: 1, says: /on purpose/ },
  rejection: { status: 1, says: /on purpose/ },
  natural: { status: 0, prints: 'finished 3' },
  idle: { status: 0 },
  'call-at-exit': { status: 3 },
  'exit-while-loading': { status: 3 },
  'exit-while-closing': { status: 3 },
  'exit-while-evaluating': { status: 3 },
  terminate: { status: 0 },
  'terminate-beside-main': { status: 0, prints: 'finished 1' },
  'worker-exits': { status: 0 },
  'main-exits-beside-worker': { status: 3 },
  'main-without-addon-exits': { status: 3 },
  'workers-in-turn': { status: 0 },
};

for (const [how, { status, says, prints }] of Object.entries(ways)) {
  test(`ending by ${how}`, { timeout: rounds * 180_000 }, async () => {
    for (let round = 0; round < rounds; ++round) {
      const waitMs = Math.round(random() * 300);
      const ended = await run(how, waitMs);
      const seen = `${how} after ${waitMs} ms: ${JSON.stringify(ended)}`;
      assert.equal(ended.signal, null, seen);
      assert.equal(ended.status, status, seen);
      if (says) assert.match(ended.errors, says, seen);
      else assert.equal(ended.errors, '', seen);
      if (prints) assert.ok(ended.output.includes(prints), seen);
      // A dozen calls were in flight: waiting for them would take twelve times one call.
      if (ended.workMs > 0) assert.ok(ended.endingMs < Math.max(2_000, 4 * ended.workMs), seen);
    }
  });
}
