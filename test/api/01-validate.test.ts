// The one shape of a message, and suggestions for slips.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MimdetError, toMimdetError } from '../../lib/errors.js';
import { closest, expected, flag, integer, number, oneOf, readOptions, show } from '../../lib/validate.js';

test('a message names what is expected, where, and what came', () => {
  const error = expected('an integer', 'threads', 1.5);
  assert.ok(error instanceof MimdetError && error instanceof Error);
  assert.equal(error.name, 'MimdetError');
  assert.equal(error.code, 'ERR_MIMDET_INVALID_ARGUMENT');
  assert.equal(error.message, 'Expected an integer for `threads` but received 1.5');
});

test('values are shown shortly, whatever they are', () => {
  assert.equal(show('a"b'), '"a\\"b"');
  assert.equal(show(undefined), 'undefined');
  assert.equal(show(5n), '5n');
  assert.equal(show([1, 2]), 'an array of 2');
  assert.equal(show(new Uint8Array(3)), 'Uint8Array of 3 bytes');
  assert.equal(show(Object.create(null)), 'an object (no prototype)');
  assert.ok(show('x'.repeat(10_000)).length < 300);
});

test('numbers: range, whole, above', () => {
  assert.equal(number(0, 1)(0, 'x'), 0);
  for (const wrong of [-0.1, 1.1, NaN, Infinity, '0.5', null])
    assert.throws(() => number(0, 1)(wrong, 'x'), /a number from 0 to 1 for `x`/);
  assert.throws(() => number(0, 1, { above: true })(0, 'x'), /a number above 0 and at most 1 for `x` but received 0/);
  assert.throws(() => integer(1)(1.5, 'x'), /an integer of at least 1 for `x` but received 1.5/);
  assert.throws(() => integer(1)(0, 'x'), /an integer of at least 1 for `x` but received 0/);
});

test('options: undefined is as if not given, an unknown name gets a suggestion', () => {
  const table = { masks: flag, mode: oneOf('fast', 'good') };
  assert.deepEqual(readOptions(table, { masks: undefined, mode: 'fast' }), { mode: 'fast' });
  assert.deepEqual(readOptions(table, undefined), {});
  assert.throws(
    () => readOptions(table, { mask: true }),
    /Expected one of masks, mode for `options` but received "mask" \(did you mean "masks"\?\)/,
  );
  assert.throws(
    () => readOptions(table, { zzzzzzzz: true }),
    (error: Error) => !error.message.includes('did you mean'),
  );
  assert.throws(
    () => readOptions(table, { mode: 'god' }),
    /one of fast, good for `mode` but received "god" \(did you mean "good"\?\)/,
  );
  assert.throws(() => readOptions(table, { toString: 1 }), /for `options` but received "toString"/);
  assert.throws(() => readOptions(table, 'fast'), /an object for `options` but received "fast"/);
  assert.throws(() => readOptions(table, { ['__proto__']: 1, constructor: 1 }), /for `options`/);
});

test('the nearest name, if it is near', () => {
  assert.equal(closest('scoreTreshold', ['scoreThreshold', 'seed']), 'scoreThreshold');
  assert.equal(closest('scorethreshold', ['scoreThreshold']), 'scoreThreshold');
  assert.equal(closest('banana', ['scoreThreshold', 'seed']), undefined);
});

test('errors of the addon keep their code, others are internal', () => {
  const native = Object.assign(new Error('Expected …'), { code: 'ERR_MIMDET_WEIGHTS' });
  assert.equal(toMimdetError(native).code, 'ERR_MIMDET_WEIGHTS');
  assert.equal(toMimdetError(native).cause, native);
  assert.equal(toMimdetError(Object.assign(new Error('x'), { code: 'ENOENT' })).code, 'ERR_MIMDET_INTERNAL');
  assert.equal(toMimdetError('a word').code, 'ERR_MIMDET_INTERNAL');
});
