// Places and abort signals: first come, first served; whoever aborts leaves the queue; nothing is lent twice.
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
