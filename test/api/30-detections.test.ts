// What people do with what was found: iterate, filter, write, read back. No native code is needed for it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Detections, Mask, type DetectionsJson } from '../../lib/index.js';
import { fromNative } from '../../lib/detections.js';
import { noTiming } from '../../lib/timing.js';

const timing = { ...noTiming(), queueMs: 1, preprocessMs: 2, modelMs: 30, postprocessMs: 4, batchSize: 1 };
const native = {
  boxes: new Float32Array([1, 2, 11, 22, 0, 0, 5, 5.5]),
  scores: new Float32Array([0.9375, 0.5]),
  classIds: new Int32Array([1, 0]),
  masks: ['abc', 'def'],
  timing,
};
const times = { decodeMs: 3, totalMs: 45 };
const found = fromNative(native, { width: 64, height: 48 }, ['cat', 'dog'], times);

test('iterable, with sizes and times', () => {
  assert.equal(found.length, 2);
  assert.deepEqual([found.width, found.height], [64, 48]);
  assert.deepEqual(
    [...found].map(({ className }) => className),
    ['dog', 'cat'],
  );
  assert.deepEqual(found.instances[0]!.box, { x1: 1, y1: 2, x2: 11, y2: 22 });
  assert.deepEqual(found.instances[0]!.mask, new Mask([48, 64], 'abc'));
  assert.deepEqual(found.timing, { ...timing, decodeMs: 3, totalMs: 45 });
});

test('filter keeps order, size and times', () => {
  const cats = found.filter(({ className }) => className === 'cat');
  assert.ok(cats instanceof Detections);
  assert.deepEqual(cats.instances, [found.instances[1]]);
  assert.equal(cats.timing, found.timing);
  assert.equal(found.length, 2);
  assert.throws(() => found.filter('cat' as never), /a function for `keep`/);
});

test('toJSON is the line of jsonl, and comes back the same', () => {
  const line = JSON.parse(JSON.stringify(found)) as DetectionsJson;
  assert.deepEqual(line, {
    width: 64,
    height: 48,
    instances: [
      { class: 'dog', classId: 1, score: 0.9375, box: [1, 2, 11, 22], mask: { size: [48, 64], counts: 'abc' } },
      { class: 'cat', classId: 0, score: 0.5, box: [0, 0, 5, 5.5], mask: { size: [48, 64], counts: 'def' } },
    ],
    ms: { decode: 3, queue: 1, model: 30, total: 45 },
  });
  const again = Detections.fromJSON({ file: 'a.png', ...line });
  assert.deepEqual(again.instances, found.instances);
  assert.deepEqual(again.toJSON(), found.toJSON());
});

test('a line says at which sample ratio it was found, where that was below 1', () => {
  assert.equal('sampleRatio' in found.toJSON(), false);
  const half = fromNative({ ...native, timing: { ...timing, sampleRatio: 0.5 } }, { width: 64, height: 48 }, ['cat', 'dog'], times);
  assert.equal(half.toJSON().sampleRatio, 0.5);
  assert.equal(Detections.fromJSON(half.toJSON()).timing.sampleRatio, 0.5);
  assert.throws(() => Detections.fromJSON({ ...half.toJSON(), sampleRatio: 2 }), /`sampleRatio` but received 2/);
});

test('without masks there is none, in either form', () => {
  const bare = fromNative({ ...native, masks: null }, { width: 64, height: 48 }, ['cat', 'dog'], {
    decodeMs: 0,
    totalMs: 0,
  });
  assert.equal(bare.instances[0]!.mask, null);
  assert.equal('mask' in bare.toJSON().instances[0]!, false);
  assert.equal('segmentation' in bare.toCoco(1)[0]!, false);
});

test('toCoco: corners become x, y, width, height; ids by class id, by name, or counted from 1', () => {
  assert.deepEqual(found.toCoco(7)[0], {
    image_id: 7,
    category_id: 2,
    bbox: [1, 2, 10, 20],
    score: 0.9375,
    segmentation: { size: [48, 64], counts: 'abc' },
  });
  assert.deepEqual(
    found.toCoco(7, [18, 17]).map((entry) => entry.category_id),
    [17, 18],
  );
  assert.deepEqual(
    found.toCoco(7, { cat: 3, dog: 9 }).map((entry) => entry.category_id),
    [9, 3],
  );
  assert.throws(() => found.toCoco(7, { cat: 3 }), /an id for class "dog" for `categoryIds` but received undefined/);
  assert.throws(() => found.toCoco('7' as never), /`imageId`/);
});

test('JSON of another shape is refused by its place', () => {
  const line = found.toJSON();
  const wrong: [unknown, RegExp][] = [
    [null, /`detections` but received null/],
    [{ ...line, width: -1 }, /`width` but received -1/],
    [{ ...line, instances: {} }, /an array for `instances`/],
    [{ ...line, instances: [5] }, /`instances\[0\]` but received 5/],
    [{ ...line, instances: [{ ...line.instances[0], box: [1, 2, 3] }] }, /`instances\[0\].box`/],
    [
      { ...line, instances: [{ ...line.instances[0], box: [1, 2, 3, null] }] },
      /`instances\[0\].box\[3\]` but received null/,
    ],
    [{ ...line, instances: [{ ...line.instances[0], score: 'high' }] }, /`instances\[0\].score`/],
    [
      { ...line, instances: [{ ...line.instances[0], mask: { size: [1, 1], counts: '1' } }] },
      /\[48, 64\], the picture's height and width for `instances\[0\].mask.size`/,
    ],
    [
      { ...line, instances: [{ ...line.instances[0], mask: { size: [48, 64] } }] },
      /`instances\[0\].mask.counts` but received undefined/,
    ],
  ];
  for (const [json, message] of wrong)
    assert.throws(() => Detections.fromJSON(json), { code: 'ERR_MIMDET_INVALID_ARGUMENT', message });
});
