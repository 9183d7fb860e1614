// `mimdet draw --augmented`: pictures as training will see them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { writeTrainingSet } from '../training-set.js';
import { lines, mimdet, scratch } from './run-cli.js';

const folder = scratch();
const run = (args: string[]) => mimdet(['draw', ...args], { cwd: folder });
const drawn = (name: string) => readdirSync(join(folder, name)).sort();

test('draws the first pictures of a run, in its sizes, the same for the same seed', async () => {
  await writeTrainingSet(join(folder, 'set'), { train: 6, val: 2 });
  writeFileSync(join(folder, 'run.yaml'), 'data: nowhere\nmodel: { minSize: 96, maxSize: 128 }\naugment: { copyPaste: true }\n');
  const args = ['set', '--augmented', '--config', 'run.yaml', '--count', '7', '--no-labels'];
  const { status, stdout, stderr } = await run([...args, '--out', 'a']);
  assert.equal(status, 0, stderr);
  assert.equal(lines(stdout).length, 7);
  assert.equal(drawn('a').length, 7); // six pictures, and one of them again
  for (const name of drawn('a')) {
    const { width, height } = await sharp(join(folder, 'a', name)).metadata();
    assert.ok(Math.max(width, height) <= 128 && Math.min(width, height) >= 48, `${width} x ${height}`);
  }
  await run([...args, '--out', 'b']);
  await run([...args, '--out', 'c', '--seed', '1']);
  const bytes = (name: string) => drawn(name).map((file) => readFileSync(join(folder, name, file)).toString('base64'));
  assert.deepEqual(bytes('b'), bytes('a'));
  assert.notDeepEqual(bytes('c'), bytes('a'));
});

test('a wrong configuration and a data set without pictures are told', async () => {
  writeFileSync(join(folder, 'wrong.yaml'), 'data: x\naugment: { flips: 1 }\n');
  const wrong = await run(['set', '--augmented', '--config', 'wrong.yaml', '--out', 'd']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /augment.*flips.*did you mean "flip"/s);
  const none = await run(['nowhere', '--augmented', '--out', 'd']);
  assert.notEqual(none.status, 0);
  assert.match(none.stderr, /ERR_MIMDET_DATASET/);
});
