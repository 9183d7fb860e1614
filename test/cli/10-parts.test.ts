// The parts of the command line that need no model: lists, tables, bars, suggestions, places of pictures.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { findPictures, pictureAt, pictureFolders } from '../../lib/data/coco-pictures.js';
import { findForEvaluation } from '../../lib/data/open-dataset.js';
import { parseClasses } from '../../lib/cli/convert.js';
import { parseSize } from '../../lib/cli/bench-picture.js';
import { expandInputs } from '../../lib/cli/inputs.js';
import { readList } from '../../lib/cli/list-reader.js';
import { percentile } from '../../lib/cli/percentiles.js';
import { progressText } from '../../lib/cli/progress.js';
import { paintFor, printable, table } from '../../lib/cli/terminal.js';
import { scratch } from './run-cli.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const listOf = (...chunks: string[]) => all(readList(Readable.from(chunks.map((chunk) => Buffer.from(chunk)))));

test('a list has one name a line, whatever the pieces it comes in, and the last needs no end', async () => {
  assert.deepEqual(await listOf('a.png\nb c', '.png\r\n\n', 'd.png'), ['a.png', 'b c.png', 'd.png']);
  assert.deepEqual(await listOf(''), []);
});

test('names may be ended by NUL, and then hold line ends', async () => {
  assert.deepEqual(await listOf('a\nb.png\0', 'c.png\0'), ['a\nb.png', 'c.png']);
  assert.deepEqual(await listOf('a.png\0b\nc.png\0'), ['a.png', 'b\nc.png']);
});

test('a "list" without ends is refused instead of gathered', async () => {
  await assert.rejects(listOf(...Array<string>(20).fill('x'.repeat(5000))), { code: 'ERR_MIMDET_INVALID_ARGUMENT' });
});

test('inputs: literal names before patterns, folders in the order of names, prefixes kept as typed', async () => {
  const folder = scratch();
  mkdirSync(join(folder, 'pics/deep'), { recursive: true });
  for (const name of ['b.PNG', 'a.jpg', 'x[1].png', 'notes.txt', '.hidden.png', 'deep/c.png'])
    writeFileSync(join(folder, 'pics', name), '');
  const expand = async (inputs: string[], recursive = false) =>
    (await all(expandInputs(inputs, { recursive, stdin: Readable.from([]) as NodeJS.ReadableStream }))).map(({ file, error }) =>
      error ? error.code : file,
    );
  const pics = `${folder}/pics`;
  assert.deepEqual(await expand([pics]), [`${pics}/a.jpg`, `${pics}/b.PNG`, `${pics}/x[1].png`]);
  assert.deepEqual(await expand([pics], true), [`${pics}/a.jpg`, `${pics}/b.PNG`, `${pics}/deep/c.png`, `${pics}/x[1].png`]);
  assert.deepEqual(await expand([`${pics}/x[1].png`]), [`${pics}/x[1].png`]);
  assert.deepEqual(await expand([`${pics}/**/*.{png,jpg}`]), [`${pics}/a.jpg`, `${pics}/deep/c.png`, `${pics}/x[1].png`]);
  assert.deepEqual(await expand([`file://${pics}/a.jpg`, `${pics}/none.png`]), [`${pics}/a.jpg`, `${pics}/none.png`]);
  assert.deepEqual(await expand([`${pics}/*.gif`, 'https://example.org/a.png']), [
    'ERR_MIMDET_INVALID_ARGUMENT',
    'ERR_MIMDET_INVALID_ARGUMENT',
  ]);
});

test('tables are aligned and control characters of names are shown, not obeyed', () => {
  const plain = paintFor({ isTTY: false });
  assert.equal(
    table(
      [{ title: 'NAME' }, { title: 'N', right: true }],
      [
        ['a', '10'],
        ['long name', '5'],
      ],
      plain,
    ),
    'NAME        N\na          10\nlong name   5\n',
  );
  assert.equal(printable('a\u001b[31mb\n'), 'a\\x1b[31mb\\x0a');
});

test('colours only on a terminal, and never with NO_COLOR', () => {
  const before = process.env['NO_COLOR'];
  delete process.env['NO_COLOR'];
  try {
    assert.equal(paintFor({ isTTY: true })('red', 'x'), '\u001b[31mx\u001b[39m');
    assert.equal(paintFor({})('red', 'x'), 'x');
    process.env['NO_COLOR'] = '1';
    assert.equal(paintFor({ isTTY: true })('red', 'x'), 'x');
  } finally {
    if (before === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = before;
  }
});

test('the bar tells count, rate and time left, and fits its line', () => {
  assert.equal(progressText(20, 80, 10, 60), '[########----------------------] 20/80  2.0/s  0:30 left');
  assert.equal(progressText(7, undefined, 3.5, 80), '7 done  2.0/s  0:04');
  assert.equal(progressText(0, 80, 0, 80).includes('waiting'), true);
  assert.ok(progressText(20, 80, 10, 40).length <= 40);
  assert.match(progressText(1, 7202, 1, 80), /2:00:01 left$/);
});

test('class files: lines or a JSON array', () => {
  assert.deepEqual(parseClasses('red cell\r\n\nwhite, cell\n', 'f'), ['red cell', 'white, cell']);
  assert.deepEqual(parseClasses(' ["a", "b"]', 'f'), ['a', 'b']);
  for (const wrong of ['', '[]', '[1]', '["a",', '[""]'])
    assert.throws(() => parseClasses(wrong, 'f'), { code: 'ERR_MIMDET_INVALID_ARGUMENT' });
});

test('percentiles are measured values', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile([7], 0.9), 7);
});

test('sizes of the made-up picture', () => {
  assert.deepEqual(parseSize('640x480'), { width: 640, height: 480 });
  for (const wrong of ['640', '0x5', '99999x99999', '-1x4', '6.5x3'])
    assert.throws(() => parseSize(wrong), { code: 'ERR_MIMDET_INVALID_ARGUMENT' });
});

test('pictures of a JSON are found in the order of the contract', async () => {
  const folder = scratch();
  const json = join(folder, 'val.json');
  const images = [{ id: 1, file_name: 'sub/a.png' }];
  await assert.rejects(findPictures(json, images), { code: 'ERR_MIMDET_DATASET', message: /sub\/a\.png/ });
  for (const place of pictureFolders(json).reverse()) {
    mkdirSync(join(place, 'sub'), { recursive: true });
    writeFileSync(join(place, 'sub/a.png'), '');
    assert.equal(await findPictures(json, images), place);
  }
  assert.equal(await findPictures(json, images, folder), folder);
  assert.ok(pictureFolders('/coco/annotations/instances_val2017.json').includes('/coco/val2017'));
});

test('a file name of a data set cannot leave its folder', () => {
  for (const file_name of ['../a.png', '/etc/passwd', 'a/../../b.png', 'a\0.png']) {
    assert.throws(() => pictureAt('/data', { id: 3, file_name }, 'val.json'), {
      code: 'ERR_MIMDET_DATASET',
      message: /picture 3/,
    });
  }
  assert.equal(pictureAt('/data', { id: 3, file_name: '..a/b.png' }, 'val.json'), '/data/..a/b.png');
});

test('--data may be a folder: the part for validation, or the only one; what is looked for is named', async () => {
  const folder = scratch();
  const nameOf = async (path: string) => (await findForEvaluation(path)).name;
  writeFileSync(join(folder, 'train.json'), '{}');
  assert.equal(await nameOf(folder), join(folder, 'train.json'));
  writeFileSync(join(folder, 'val.json'), '{}');
  assert.equal(await nameOf(folder), join(folder, 'val.json'));
  const empty = scratch();
  mkdirSync(join(empty, 'Annotations'));
  await assert.rejects(findForEvaluation(empty), { code: 'ERR_MIMDET_DATASET', message: /VOC/ });
  await assert.rejects(findForEvaluation(join(empty, 'none.json')), { code: 'ERR_MIMDET_DATASET', message: /none\.json/ });
});
