// Copies of a caller's pixels: theirs alone until they are given back, then the next one's memory, within bounds.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PixelCopies } from '../../lib/pixel-copies.js';

const pixels = (bytes: number, value: number) => new Uint8Array(bytes).fill(value);

test('a copy keeps what it was made of, whatever happens to the original and to other copies', () => {
  const copies = new PixelCopies();
  const original = pixels(1000, 7);
  const copy = copies.take(original);
  original.fill(0);
  const other = copies.take(pixels(1000, 8));
  assert.notEqual(copy.buffer, other.buffer);
  assert.deepEqual(copy, pixels(1000, 7));
});

test('memory that was given back is used again, also for a smaller picture, but not for a much smaller or a larger one', () => {
  const copies = new PixelCopies();
  const first = copies.take(pixels(1000, 1));
  copies.give(first);
  const much = copies.take(pixels(400, 2));
  const larger = copies.take(new Uint8ClampedArray(1001));
  const smaller = copies.take(pixels(600, 3));
  assert.ok(much.buffer !== first.buffer && larger.buffer !== first.buffer);
  assert.equal(smaller.buffer, first.buffer);
  assert.deepEqual(smaller, pixels(600, 3));
});

test('nothing is taken back twice, nor what it never handed out', () => {
  const copies = new PixelCopies();
  const copy = copies.take(pixels(1000, 1));
  copies.give(copy);
  copies.give(copy);
  copies.give(pixels(1000, 2));
  const [a, b] = [copies.take(pixels(1000, 3)), copies.take(pixels(1000, 4))];
  assert.equal(a.buffer, copy.buffer);
  assert.deepEqual([a, b], [pixels(1000, 3), pixels(1000, 4)]);
});

test('no more than 64 MB wait to be used again', () => {
  const copies = new PixelCopies();
  const size = 30 * 2 ** 20;
  const taken = [1, 2, 3].map((value) => copies.take(pixels(size, value)));
  taken.forEach((copy) => copies.give(copy));
  const again = [4, 5, 6].map((value) => copies.take(pixels(size, value)).buffer);
  assert.equal(again.filter((buffer) => taken.some((copy) => copy.buffer === buffer)).length, 2);
});

test('after a second without use none is kept', async () => {
  const copies = new PixelCopies();
  const copy = copies.take(pixels(1000, 1));
  copies.give(copy);
  await new Promise((resolve) => setTimeout(resolve, 1300));
  assert.notEqual(copies.take(pixels(1000, 2)).buffer, copy.buffer);
});
