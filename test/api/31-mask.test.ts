// Masks against COCO's own coding: bitmaps, areas, polygons there and back, and run lengths that are none.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Mask } from '../../lib/index.js';
import { goldenJson } from '../golden-folder.js';

type Size = [number, number];
interface Cases {
  bitmaps: { bitmap: string[]; rle: { size: Size; counts: string }; area: number }[];
  polygons: { size: Size; polygons: number[][]; union: string; area: number }[];
  uncompressed?: { size: Size; runs: number[]; counts: string; area: number }[];
  refuse?: { name: string; size: Size; counts?: string; runs?: number[] }[];
}

for (const set of ['rle', 'rle/more']) {
  const cases = goldenJson<Cases>(set, 'rle.json');

  test(`${set}: bitmaps and areas`, () => {
    for (const { bitmap, rle, area } of cases.bitmaps) {
      const mask = new Mask(rle.size, rle.counts);
      const bits = Uint8Array.from(bitmap.join(''), Number);
      assert.deepEqual(mask.toBitmap(), bits);
      assert.equal(mask.area, area);
      assert.equal(Mask.fromBitmap(bits, ...rle.size).counts, rle.counts);
    }
  });

  test(`${set}: polygons in`, () => {
    for (const { size, polygons, union, area } of cases.polygons) {
      const mask = Mask.fromPolygons(polygons, ...size);
      assert.equal(mask.counts, union);
      assert.equal(mask.area, area);
    }
  });

  test(`${set}: polygons out, filled by the even-odd rule, give the mask back`, () => {
    for (const { bitmap, rle } of cases.bitmaps) {
      const rings = new Mask(rle.size, rle.counts).toPolygons();
      assert.deepEqual(fillEvenOdd(rings, ...rle.size), Uint8Array.from(bitmap.join(''), Number));
    }
  });

  test(`${set}: uncompressed run lengths`, () => {
    for (const { size, runs, area } of cases.uncompressed ?? []) assert.equal(Mask.fromRuns(runs, ...size).area, area);
  });

  test(`${set}: run lengths that do not fit are refused`, () => {
    for (const { size, counts, runs, name } of cases.refuse ?? []) {
      const use = () => (counts === undefined ? Mask.fromRuns(runs!, ...size) : new Mask(size, counts).toBitmap());
      assert.throws(use, { code: 'ERR_MIMDET_INVALID_ARGUMENT' }, name);
    }
  });
}

/** A pixel is inside where its centre lies within an odd number of rings; rings follow the pixels' edges. */
function fillEvenOdd(rings: number[][], height: number, width: number): Uint8Array {
  const bits = new Uint8Array(height * width);
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [x0, y0, x1, y1] = [ring[i]!, ring[i + 1]!, ring[(i + 2) % ring.length]!, ring[(i + 3) % ring.length]!];
      if (x0 !== x1) continue; // only upright edges change the parity along a row
      for (let y = Math.min(y0, y1); y < Math.max(y0, y1); y++) for (let x = x0; x < width; x++) bits[y * width + x]! ^= 1;
    }
  }
  return bits;
}

test('sizes beyond all memory and wrong kinds are errors', () => {
  for (const [size, counts] of [
    [[1e9, 1e9], '1'],
    [[-1, 5], '1'],
    [[2 ** 40, 2 ** 40], '0'],
    [['a', 1], '1'],
    [[1], '1'],
    [[1, 1], 5],
  ] as unknown as [Size, string][]) {
    const mask = new Mask(size, counts);
    assert.throws(() => mask.toBitmap(), { name: 'MimdetError' });
    assert.throws(() => mask.area, { name: 'MimdetError' });
    assert.throws(() => mask.toPolygons(), { name: 'MimdetError' });
  }
  assert.throws(() => Mask.fromBitmap(new Uint8Array(3), 2, 2), /Uint8Array of 2 x 2 bytes for `bitmap`/);
  assert.throws(() => Mask.fromPolygons([[1, NaN]], 2, 2), /`rings`/);
  assert.throws(() => Mask.fromRuns([-1], 2, 2), /`runs`/);
});
