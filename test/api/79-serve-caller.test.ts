import assert from 'node:assert/strict';
import test from 'node:test';
import { callerName } from '../../lib/serve/tokens.js';

test('callers are told apart by their tokens where the server wants one, and the token is not kept', () => {
  const tokens = ['one', 'two'];
  const name = callerName(tokens, 'Bearer one', '10.0.0.1');
  assert.equal(callerName(tokens, 'bearer  one ', '10.0.0.2'), name);
  assert.notEqual(callerName(tokens, 'Bearer two', '10.0.0.1'), name);
  assert.doesNotMatch(name, /one/);
});

test('without tokens they are told apart by address, whatever header they send', () => {
  assert.equal(callerName([], 'Bearer made up', '10.0.0.1'), '10.0.0.1');
  assert.equal(callerName([], undefined, '10.0.0.2'), '10.0.0.2');
});
