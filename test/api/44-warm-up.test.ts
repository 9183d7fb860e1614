// The option `warmUp` of Detector.load: which sizes it names, and what is no size.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readLoadOptions } from '../../lib/detector-options.js';
import { greyPicture, sizesToWarm } from '../../lib/warm-up.js';

const sizes = [{ width: 640, height: 480 }];

test('sizes are named, or true for one square of the model’s size', () => {
  assert.deepEqual(sizesToWarm(sizes, 800), sizes);
  assert.deepEqual(sizesToWarm(true, 800), [{ width: 800, height: 800 }]);
  assert.deepEqual(sizesToWarm(false, 800), []);
  assert.deepEqual(readLoadOptions({ warmUp: sizes }).warmUp, sizes);
  assert.equal(readLoadOptions({}).warmUp, false);
});

test('what is no size is told by its place', () => {
  const wrong: [unknown, RegExp][] = [
    ['yes', /true or a list of at most 64 sizes \{ width, height \} for `warmUp` but received "yes"/],
    [Array(65).fill(sizes[0]), /at most 64 sizes/],
    [[{ width: 640 }], /\{ width, height \} for `warmUp\[0\]`/],
    [[sizes[0], { width: 640, height: 0 }], /from 1 to 16384 for `warmUp\[1\].height` but received 0/],
    [[{ width: 1, hight: 1 }], /did you mean "height"/],
    [[null], /\{ width, height \} for `warmUp\[0\]`/],
  ];
  for (const [warmUp, message] of wrong) {
    assert.throws(() => readLoadOptions({ warmUp }), { code: 'ERR_MIMDET_INVALID_ARGUMENT', message }, String(message));
  }
});

test('a picture to warm up with has the size', () => {
  const { data, ...rest } = greyPicture({ width: 7, height: 3 });
  assert.deepEqual([data.length, rest], [21, { width: 7, height: 3, channels: 1 }]);
});
