// Many pictures in order: back-pressure, bad pictures, leaving early, slow and failing sources. The model is a stand-in.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { detectInOrder, iterate } from '../../lib/detect-many.js';
import { Detections } from '../../lib/detections.js';
import { MimdetError } from '../../lib/errors.js';

const nothing = new Detections(1, 1, []);
const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}.png`);

function* counted(count: number, log: { pulled: number; stopped: boolean }): Generator<string> {
  try {
    for (const name of names(count)) {
      log.pulled++;
      yield name;
    }
  } finally {
    log.stopped = true;
  }
}

test('results come in order, whichever is ready first', async () => {
  const detect = async (name: string) => {
    await sleep(name === '0.png' ? 30 : 1);
    return nothing;
  };
  const seen: unknown[] = [];
  for await (const { input, index } of detectInOrder(iterate(names(6)), detect, { concurrency: 3, signal: undefined }))
    seen.push([input, index]);
  assert.deepEqual(
    seen,
    names(6).map((name, i) => [name, i]),
  );
});

test('at most `concurrency` are under way or waiting to be read', async () => {
  const log = { pulled: 0, stopped: false };
  const results = detectInOrder(iterate(counted(20, log)), async () => nothing, { concurrency: 3, signal: undefined });
  await results.next();
  await sleep(10);
  assert.ok(log.pulled <= 4, `${log.pulled} were pulled`);
  await results.return();
  assert.equal(log.stopped, true);
});

test('a picture that fails has its error, the others go on', async () => {
  const detect = async (name: string) => {
    if (name === '1.png') throw new MimdetError('ERR_MIMDET_DECODE', 'broken');
    return nothing;
  };
  const seen = [];
  for await (const { detections, error } of detectInOrder(iterate(names(3)), detect, {
    concurrency: 2,
    signal: undefined,
  })) {
    seen.push(error ? error.code : detections);
  }
  assert.deepEqual(seen, [nothing, 'ERR_MIMDET_DECODE', nothing]);
});

test('an error that nobody thought of is one picture\'s too', async () => {
  const detect = async (name: string) => {
    if (name === '0.png') throw new TypeError('odd');
    return nothing;
  };
  const seen: unknown[] = [];
  for await (const { error } of detectInOrder(iterate(names(2)), detect, { concurrency: 1, signal: undefined })) seen.push(error?.code);
  assert.deepEqual(seen, ['ERR_MIMDET_INTERNAL', undefined]);
});

test('leaving the loop aborts what is under way and stops the source', async () => {
  const log = { pulled: 0, stopped: false };
  const signals: AbortSignal[] = [];
  const detect = async (name: string, signal: AbortSignal) => {
    signals.push(signal);
    if (name !== '0.png') await sleep(10_000, undefined, { signal });
    return nothing;
  };
  for await (const _ of detectInOrder(iterate(counted(9, log)), detect, { concurrency: 4, signal: undefined })) break;
  assert.equal(log.stopped, true);
  assert.ok(signals.every((signal) => signal.aborted));
});

test('a slow source does not hold back what is ready, nor the end of the loop', { timeout: 5000 }, async () => {
  let asked = 0;
  const source: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => (asked++ === 0 ? Promise.resolve({ value: 'a.png', done: false }) : new Promise(() => {})),
    }),
  };
  for await (const { input } of detectInOrder(iterate(source), async () => nothing, { concurrency: 4, signal: undefined })) {
    assert.equal(input, 'a.png');
    break;
  }
});

test('a source that fails: first the results before it, then its error', async () => {
  async function* source() {
    yield 'a.png';
    throw new Error('disk');
  }
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const { input } of detectInOrder(iterate(source()), async () => nothing, {
      concurrency: 4,
      signal: undefined,
    }))
      seen.push(input);
  }, /disk/);
  assert.deepEqual(seen, ['a.png']);
});

test('an abort ends the loop with its reason, even while the source is silent', { timeout: 5000 }, async () => {
  const controller = new AbortController();
  const source: AsyncIterable<string> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
  const loop = detectInOrder(iterate(source), async () => nothing, { concurrency: 1, signal: controller.signal }).next();
  controller.abort('enough');
  await assert.rejects(loop, (reason) => reason === 'enough');
});

test('a closed detector ends the loop', async () => {
  const detect = async () => {
    throw new MimdetError('ERR_MIMDET_DISPOSED', 'closed');
  };
  await assert.rejects(detectInOrder(iterate(names(3)), detect, { concurrency: 2, signal: undefined }).next(), {
    code: 'ERR_MIMDET_DISPOSED',
  });
});

test('one picture is no list, though strings and bytes can be iterated', () => {
  for (const one of [
    'a.png',
    new Uint8Array(3),
    5,
    null,
    undefined,
    { data: new Uint8Array(3), width: 1, height: 1, channels: 3 },
  ]) {
    assert.throws(() => iterate(one as unknown as string[]), /Expected a list of pictures .+ for `images`/);
  }
});
