// `tile` and `tta` through the whole way, with the bundled model: what must hold whatever was learned.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import test, { after, before } from 'node:test';
import sharp from 'sharp';
import { Detector, type Detections, type Instance, type RawImage } from '../../lib/index.js';

const file = fileURLToPath(new URL('../../examples/pictures/0e4c2e2780de.png', import.meta.url));
let nuclei: Detector;
let square: RawImage; // 256 x 256
let wide: RawImage; // the same twice, side by side

before(async () => {
  nuclei = await Detector.load('nuclei', { device: 'cpu', precision: 'float32' });
  const cut = await sharp(file).removeAlpha().extract({ left: 32, top: 0, width: 256, height: 256 }).raw().toBuffer();
  square = { data: new Uint8Array(cut), width: 256, height: 256, channels: 3 };
  const rows = Array.from({ length: 256 }, (_, y) => cut.subarray(y * 768, (y + 1) * 768));
  wide = { data: new Uint8Array(Buffer.concat(rows.flatMap((row) => [row, row]))), width: 512, height: 256, channels: 3 };
});
after(() => nuclei?.close());

/** Intersection over union of boxes. */
function boxIou(a: Instance, b: Instance): number {
  const width = Math.min(a.box.x2, b.box.x2) - Math.max(a.box.x1, b.box.x1);
  const height = Math.min(a.box.y2, b.box.y2) - Math.max(a.box.y1, b.box.y1);
  if (width <= 0 || height <= 0) return 0;
  const area = ({ box }: Instance) => (box.x2 - box.x1) * (box.y2 - box.y1);
  return (width * height) / (area(a) + area(b) - width * height);
}

const twice = ({ instances }: Detections) =>
  instances.filter((one, i) => instances.slice(0, i).some((other) => boxIou(one, other) > 0.7)).length;

const foundAgain = (some: Instance[], { instances }: Detections) =>
  some.filter((one) => instances.some((other) => boxIou(one, other) > 0.7)).length / some.length;

const sure = ({ instances }: Detections) => instances.filter(({ score }) => score > 0.6);

test('tile: a picture of one tile gives what it gives without', async () => {
  const plain = await nuclei.detect(square);
  const tiled = await nuclei.detect(square, { tile: { size: 256 } });
  assert.ok(plain.length > 10);
  assert.deepEqual(tiled.instances, plain.instances);
});

test('tile: over seams objects come out once and whole, wherever the seams are', async () => {
  const left = await nuclei.detect(square);
  const tiled = await nuclei.detect(wide, { tile: { size: 256, overlap: 64 } });
  const moved = await nuclei.detect(wide, { tile: { size: 256, overlap: 110 } });
  for (const found of [tiled, moved]) {
    assert.equal(twice(found), 0);
    assert.ok(foundAgain(sure(left).filter(({ box }) => box.x2 < 240), found) > 0.9);
    assert.ok(found.instances.every(({ mask, score }, i) => mask!.area > 0 && (i === 0 || score <= found.instances[i - 1]!.score)));
    assert.deepEqual(found.instances[0]!.mask!.size, [256, 512]);
  }
  assert.ok(foundAgain(sure(tiled), moved) > 0.9);
  const best = await nuclei.detect(wide, { tile: { size: 256, overlap: 64 }, maxDetections: 5 });
  assert.deepEqual(best.instances, tiled.instances.slice(0, 5));
});

test('tile: without masks; a picture smaller than a tile; with a queue of one', async () => {
  const bare = await nuclei.detect(wide, { tile: { size: 256 }, masks: false });
  assert.ok(bare.length > 10 && twice(bare) === 0 && bare.instances.every(({ mask }) => mask === null));
  const small = { ...square, data: square.data.slice(0, 256 * 100 * 3), height: 100 };
  const found = await nuclei.detect(small, { tile: { size: 256 } });
  assert.ok(found.length > 0 && found.instances.every(({ box, mask }) => box.y2 <= 100 && mask!.size[0] === 100));
  await using narrow = await Detector.load('nuclei', { device: 'cpu', maxQueueSize: 1 });
  assert.ok((await narrow.detect(wide, { tile: { size: 256 } })).length > 10);
});

test('tile: an abort, a deadline and a closed detector end the whole call', async () => {
  const controller = new AbortController();
  const call = nuclei.detect(wide, { tile: { size: 64 }, signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 20);
  await assert.rejects(call, /enough/);
  await assert.rejects(nuclei.detect(wide, { tile: { size: 64 }, deadlineMs: 20 }), { code: 'ERR_MIMDET_DEADLINE' });
  const other = await Detector.load('nuclei', { device: 'cpu' });
  const cut = assert.rejects(other.detect(wide, { tile: { size: 64 } }), { code: 'ERR_MIMDET_DISPOSED' });
  await other.close({ drain: false });
  await cut;
  assert.equal((await nuclei.detect(square)).length > 10, true);
});

test('tta: one view of the picture as it is changes nothing; all views find the same objects', async () => {
  const plain = await nuclei.detect(square);
  assert.deepEqual((await nuclei.detect(square, { tta: { flips: false, scales: [1] } })).instances, plain.instances);
  const better = await nuclei.detect(square, { tta: true });
  assert.ok(foundAgain(sure(plain), better) > 0.9);
  assert.notDeepEqual(better.instances, plain.instances);
  const [alone, together] = [better, ...(await Promise.all([nuclei.detect(square, { tta: true }), nuclei.detect(square)]))];
  assert.deepEqual(together!.instances, alone.instances);
});

test('tta: what cannot fit is refused, an abort ends it', async () => {
  await using huge = await Detector.load('nuclei', { device: 'cpu', minSize: 16_000, maxSize: 16_000 });
  await assert.rejects(huge.detect(square, { tta: { scales: [4] } }), { code: 'ERR_MIMDET_OUT_OF_MEMORY' });
  const controller = new AbortController();
  const call = nuclei.detect(square, { tta: { scales: [1, 2, 3] }, signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 20);
  await assert.rejects(call, /enough/);
});
