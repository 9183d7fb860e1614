// The calls of a detector: how many there may be, when it says that it is idle or saturated, whose context they keep. The work
// is a stand-in.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CallsUnderWay } from '../../lib/calls-under-way.js';
import { MimdetError } from '../../lib/errors.js';

/** Room for three calls; each ends when its `end` is called. */
function crowd() {
  const said: string[] = [];
  const calls = new CallsUnderWay({ maxQueueSize: 2, maxBatchSize: 1 }, (event) => said.push(event));
  const begin = () => {
    let end = () => {};
    const result = calls.run(() => new Promise<string>((resolve) => (end = () => resolve('found'))));
    return { result, end: () => end() };
  };
  return { calls, said, begin };
}

test('no more than the queue and a batch hold; one more is refused before its work begins', async () => {
  const { calls, begin } = crowd();
  const under = [begin(), begin(), begin()];
  let begun = false;
  const late = calls.run(async () => (begun = true));
  await assert.rejects(late, {
    code: 'ERR_MIMDET_QUEUE_FULL',
    message: 'Expected at most 2 waiting pictures for `maxQueueSize` but received one more',
  });
  assert.deepEqual([begun, calls.refused], [false, 1]);
  under[0]!.end();
  assert.equal(await under[0]!.result, 'found');
  const next = begin();
  for (const { end } of [...under, next]) end();
  assert.equal(await next.result, 'found');
});

test('a refusal takes less than 5 ms, also the thousandth', async () => {
  const { begin } = crowd();
  const under = [begin(), begin(), begin()];
  const start = performance.now();
  const results = await Promise.allSettled(Array.from({ length: 1000 }, () => begin().result));
  const each = (performance.now() - start) / 1000;
  assert.ok(results.every(({ status }) => status === 'rejected'));
  assert.ok(each < 5, `${each} ms each`);
  for (const { end } of under) end();
});

test("'saturated' is said once until 'idle', and 'idle' when the last has ended", async () => {
  const { said, begin } = crowd();
  const under = [begin(), begin(), begin()];
  for (let i = 0; i < 4; ++i) await assert.rejects(begin().result);
  await turn();
  assert.deepEqual(said, ['saturated']);
  for (const { end } of under.slice(1)) end();
  await turn();
  assert.deepEqual(said, ['saturated']);
  under[0]!.end();
  await turn();
  assert.deepEqual(said, ['saturated', 'idle']);
});

test("a full queue of the addon's makes it saturated, other errors do not", async () => {
  const { calls, said } = crowd();
  for (const code of ['ERR_MIMDET_DECODE', 'ERR_MIMDET_QUEUE_FULL'] as const) {
    await assert.rejects(calls.run(async () => Promise.reject(new MimdetError(code, 'no'))), { code });
  }
  await turn();
  assert.deepEqual(said, ['idle', 'saturated', 'idle']);
});

test('settled waits for those under way, however they end', async () => {
  const { calls, begin } = crowd();
  const { result, end } = begin();
  const failing = calls.run(async () => Promise.reject(new Error('no')));
  let settled = false;
  const all = calls.settled().then(() => (settled = true));
  await assert.rejects(failing, /no/);
  assert.equal(settled, false);
  end();
  await all;
  assert.equal(await result, 'found');
});

test('each call keeps the AsyncLocalStorage of its caller', async () => {
  const { calls } = crowd();
  const storage = new AsyncLocalStorage<number>();
  const call = (id: number) =>
    storage.run(id, async () => {
      await calls.run(async () => turn());
      return storage.getStore();
    });
  assert.deepEqual(await Promise.all([1, 2, 3].map(call)), [1, 2, 3]);
});
