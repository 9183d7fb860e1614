// Places and abort signals: by priority, by turns, then first come, first served; whoever aborts leaves the queue; nothing is lent twice.
import assert from 'node:assert/strict';
import test from 'node:test';
import { abortable, linkSignals } from '../../lib/abort.js';
import { Admission } from '../../lib/admission.js';

const soon = () => new Promise((resolve) => setImmediate(resolve));

test('no more than the limit run at once, in the order of their coming', async () => {
  const admission = new Admission(2);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const work = (i: number) => async () => {
    order.push(i);
    most = Math.max(most, ++running);
    await soon();
    running--;
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => admission.run(work(i))));
  assert.equal(most, 2);
  assert.deepEqual(
    order,
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.equal(admission.used, 0);
});

test('a loan that ends twice gives back once', async () => {
  const admission = new Admission(1);
  const first = await admission.enter(1);
  const waiting = [admission.enter(1), admission.enter(1)];
  first.end();
  first.end();
  await soon();
  assert.equal(admission.used, 1);
  (await waiting[0]!).end();
  (await waiting[1]!).end();
  assert.equal(admission.used, 0);
});

test('one larger than the limit passes alone', async () => {
  const admission = new Admission(10);
  const large = await admission.enter(1);
  large.resize(100);
  let entered = false;
  const next = admission.enter(1).then((loan) => {
    entered = true;
    return loan;
  });
  await soon();
  assert.equal(entered, false);
  large.end();
  (await next).end();
});

test('an abort leaves the queue with its reason; the next one moves up', async () => {
  const admission = new Admission(1);
  const first = await admission.enter(1);
  const controller = new AbortController();
  const second = admission.enter(1, controller.signal);
  const third = admission.enter(1);
  controller.abort('enough');
  await assert.rejects(second, (reason) => reason === 'enough');
  first.end();
  (await third).end();
  await assert.rejects(admission.enter(1, AbortSignal.abort('late')), (reason) => reason === 'late');
});

/** Places are taken by `calls` in this order, one after the other, while they all wait for one. */
async function orderOf(calls: { name: string; priority?: number; caller?: string }[]): Promise<string[]> {
  const admission = new Admission(1);
  const first = await admission.enter(1);
  const order: string[] = [];
  const work = calls.map(({ name, priority = 0, caller = '' }) =>
    admission.run(async () => order.push(name), undefined, { priority, caller }),
  );
  first.end();
  await Promise.all(work);
  assert.equal(admission.used, 0);
  return order;
}

test('what is lent never exceeds the limit, and nobody small passes one who waits for room', async () => {
  const admission = new Admission(10);
  const first = await admission.enter(6);
  const order: string[] = [];
  const large = admission.enter(5).then((loan) => (order.push('large'), loan));
  const small = admission.enter(1).then((loan) => (order.push('small'), loan));
  await soon();
  assert.deepEqual([order, admission.used], [[], 6]);
  first.resize(5);
  (await large).end();
  (await small).end();
  assert.deepEqual(order, ['large', 'small']);
});

test('an abort of one who waits for room lets the others in', async () => {
  const admission = new Admission(10);
  const first = await admission.enter(6);
  const controller = new AbortController();
  const large = admission.enter(5, controller.signal);
  const small = admission.enter(4);
  controller.abort('enough');
  await assert.rejects(large, (reason) => reason === 'enough');
  (await small).end();
  first.end();
});

test('a higher priority goes first, also past one who waits for room', async () => {
  const calls = [{ name: 'low', priority: -1 }, { name: 'a' }, { name: 'b' }, { name: 'high', priority: 5 }];
  assert.deepEqual(await orderOf(calls), ['high', 'a', 'b', 'low']);
  const admission = new Admission(10);
  const first = await admission.enter(6);
  const large = admission.enter(5);
  (await admission.enter(4, undefined, { priority: 1, caller: '' })).end();
  first.end();
  (await large).end();
});

test('callers take turns: one with many holds nobody up', async () => {
  const many = Array.from({ length: 5 }, (_, i) => ({ name: `a${i}`, caller: 'a' }));
  const calls = [...many, { name: 'b0', caller: 'b' }, { name: 'b1', caller: 'b' }];
  assert.deepEqual(await orderOf(calls), ['a0', 'b0', 'a1', 'b1', 'a2', 'a3', 'a4']);
});

test('nobody starves: after sixteen of a higher priority the one whose turn it is goes', async () => {
  const high = Array.from({ length: 40 }, (_, i) => ({ name: `high ${i}`, priority: 1 }));
  const order = await orderOf([{ name: 'low' }, ...high, { name: 'last' }]);
  assert.equal(order.indexOf('low'), 16);
  assert.equal(order.indexOf('last'), 41);
});

test('abortable: the reason at once, the work is told, its own end is ignored', async () => {
  const controller = new AbortController();
  let told = 0;
  const failing = new Promise<never>((_, reject) => setTimeout(reject, 5, new Error('the work’s own end')));
  const promise = abortable(failing, controller.signal, () => told++);
  controller.abort('stop');
  await assert.rejects(promise, (reason) => reason === 'stop');
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(told, 1);
});

test('a hundred calls may share one signal without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const controller = new AbortController();
  await Promise.all(Array.from({ length: 100 }, () => abortable(soon(), controller.signal)));
  await soon();
  process.off('warning', note);
  assert.deepEqual(warnings, []);
});

test('linked signals: the first reason counts; unlinked, nothing comes any more', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const linked = linkSignals(a.signal, undefined, b.signal);
  b.abort('b');
  a.abort('a');
  assert.equal(linked.signal.reason, 'b');
  const c = new AbortController();
  const unlinked = linkSignals(c.signal);
  unlinked.unlink();
  c.abort();
  assert.equal(unlinked.signal.aborted, false);
  assert.equal(linkSignals(AbortSignal.abort('was')).signal.reason, 'was');
});
