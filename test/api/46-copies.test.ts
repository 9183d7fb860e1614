// One detector of several devices: a copy of the model on each, and calls go where there is least to do. On the CPU two copies share its thread.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Detector } from '../../lib/index.js';
import { loadCopies, NativeCopies } from '../../lib/native-copies.js';
import type { NativeDetector } from '../../lib/native-types.js';

interface Copy extends NativeDetector {
  closed: boolean[];
  /** Ends the oldest call under way. */
  end(): void;
  calls: number;
}

function copyOn(device: string): Copy {
  const ends: (() => void)[] = [];
  const copy = {
    info: { device } as NativeDetector['info'],
    calls: 0,
    closed: [] as boolean[],
    end: () => ends.shift()!(),
    detect: () => {
      copy.calls++;
      return new Promise((resolve) => ends.push(() => resolve({} as never)));
    },
    productRate: async () => (device === 'cuda:0' ? 100 : 300),
    stats: () => ({ queued: 1, running: 2, completed: copy.calls }),
    close: async (drain: boolean) => void copy.closed.push(drain),
  };
  return copy as unknown as Copy;
}

const call = [{}, {}, 1] as unknown as Parameters<NativeDetector['detect']>;

test('a call goes to the copy with the fewest under way', async () => {
  const [a, b] = [copyOn('cuda:0'), copyOn('cuda:1')];
  const copies = new NativeCopies([a, b]);
  const calls = [1, 2, 3].map(() => copies.detect(...call));
  assert.deepEqual([a.calls, b.calls], [2, 1]);
  a.end();
  a.end();
  await Promise.all([calls[0], calls[2]]);
  void copies.detect(...call);
  void copies.detect(...call);
  assert.deepEqual([a.calls, b.calls], [4, 1]);
});

test('they answer as one: names, sums, the mean rate, one end', async () => {
  const [a, b] = [copyOn('cuda:0'), copyOn('cuda:1')];
  const copies = new NativeCopies([a, b]);
  void copies.detect(...call);
  assert.equal(copies.info.device, 'cuda:0,cuda:1');
  assert.equal(await copies.productRate(), 200);
  assert.deepEqual(copies.stats(), { queued: 2, running: 4, completed: 1 });
  await copies.close(true);
  assert.deepEqual([a.closed, b.closed], [[true], [true]]);
});

test('where one device fails the copies on the others are closed', async () => {
  const there = copyOn('cuda:0');
  const load = async (device: string) => {
    if (device === 'cuda:1') throw new Error('not there');
    return there;
  };
  await assert.rejects(loadCopies(['cuda:0', 'cuda:1'], load), /not there/);
  assert.deepEqual(there.closed, [false]);
});

test('a detector of two copies finds what one finds, counts its calls, and closes', async () => {
  const picture = 'examples/pictures/0e4c2e2780de.png';
  const settings = { threads: 1, minSize: 64, maxSize: 128 };
  const one = await Detector.load('nuclei', { device: 'cpu', ...settings });
  const two = await Detector.load('nuclei', { device: ['cpu', 'cpu'], ...settings });
  assert.equal(two.info.device, 'cpu,cpu');
  const expected = JSON.stringify((await one.detect(picture)).instances);
  const found = await Promise.all([1, 2, 3, 4].map(() => two.detect(picture)));
  for (const { instances } of found) assert.equal(JSON.stringify(instances), expected);
  assert.equal(two.stats().completed, 4);
  await Promise.all([one.close(), two.close()]);
  await assert.rejects(two.detect(picture), { code: 'ERR_MIMDET_DISPOSED' });
});
