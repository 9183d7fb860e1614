// `mimdet detect` on real pictures with the bundled model: the three forms, inputs of every kind, bad pictures, drawing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import sharp from 'sharp';
import type { CocoResult, DetectionsJson } from '../../lib/index.js';
import { jsonLines, lines, main, mimdet, root, scratchWithPictures } from './run-cli.js';

interface Line extends DetectionsJson {
  file: string;
  error?: { code: string; message: string };
}

const folder = scratchWithPictures();
const names = readdirSync(join(folder, 'pics')).sort();
const [first, second] = names as [string, string];
/** Small sizes: what is tested is the command, not the model. */
const detect = (args: string[], options = {}) =>
  mimdet(['detect', ...args, '--weights', 'nuclei', '--min-size', '192', '--max-size', '320'], { cwd: folder, ...options });

test('jsonl is the default off a terminal: one line a picture, in order, nothing on standard error', async () => {
  const { status, stdout, stderr } = await detect(['pics']);
  assert.deepEqual([status, stderr], [0, '']);
  const found = jsonLines<Line>(stdout);
  assert.deepEqual(
    found.map(({ file }) => file),
    names.map((name) => `pics/${name}`),
  );
  for (const { instances, width, height, ms } of found) {
    assert.ok(instances.length > 0 && ms.total > 0);
    for (const { class: name, classId, score, box, mask } of instances) {
      assert.deepEqual([name, classId, mask?.size], ['nucleus', 0, [height, width]]);
      assert.ok(score > 0.25 && score <= 1 && box[0] < box[2] && box[1] < box[3] && box[2] <= width && box[3] <= height);
    }
  }
});

test('every option of detect() is a flag', async () => {
  const flags =
    '--score-threshold 0.9 --max-dets 3 --no-masks --classes nucleus --sample-ratio 0.5 ' +
    '--seed 18446744073709551615 --threads 1 --precision float32';
  const { status, stdout, stderr } = await detect([`pics/${first}`, ...flags.split(' ')]);
  assert.equal(status, 0, stderr);
  const [line] = jsonLines<Line>(stdout);
  assert.ok(line!.instances.length <= 3 && line!.instances.every(({ score, mask }) => score > 0.9 && mask === undefined));
});

test('a class that the model does not have is wrong usage', async () => {
  const { status, stderr } = await detect([`pics/${first}`, '--classes', 'nucleos']);
  assert.equal(status, 2);
  assert.match(stderr, /^ERR_MIMDET_INVALID_ARGUMENT: .*nucleus/);
});

test('table: a head for each picture, aligned rows, no escape codes off a terminal', async () => {
  const { status, stdout } = await detect([`pics/${first}`, `pics/${second}`, '--format', 'table', '--max-dets', '4']);
  assert.equal(status, 0);
  assert.ok(!stdout.includes('\u001b'));
  const [head, titles, ...rows] = lines(stdout.split('\n\n')[0] as string);
  assert.match(head!, new RegExp(`^pics/${first}  \\d+×\\d+  4 instances  \\d+ ms$`));
  assert.match(titles!, /^ {2}CLASS +SCORE +X1 +Y1 +X2 +Y2 +AREA$/);
  assert.equal(rows.length, 4);
  for (const row of rows) assert.equal(row.length, titles!.length);
});

test('coco: one array; ids by the order of the inputs, or out of --data', async () => {
  const inputs = [`pics/${second}`, `pics/${first}`, '--format', 'coco'];
  const plain = JSON.parse((await detect(inputs)).stdout) as CocoResult[];
  assert.deepEqual([...new Set(plain.map(({ image_id }) => image_id))], [1, 2]);
  assert.ok(plain.every(({ category_id, bbox, segmentation }) => category_id === 1 && bbox.length === 4 && segmentation));
  const data = {
    images: [
      { id: 70, file_name: first },
      { id: 14, file_name: second },
    ],
    annotations: [],
    categories: [{ id: 9, name: 'nucleus' }],
  };
  writeFileSync(join(folder, 'data.json'), JSON.stringify(data));
  const known = JSON.parse((await detect([...inputs, '--data', 'data.json'])).stdout) as CocoResult[];
  assert.deepEqual([...new Set(known.map(({ image_id }) => image_id))], [14, 70]);
  assert.deepEqual(
    known.map((entry) => ({ ...entry, image_id: 0, category_id: 0 })),
    plain.map((entry) => ({ ...entry, image_id: 0, category_id: 0 })),
  );
  assert.ok(known.every(({ category_id }) => category_id === 9));
});

test('coco: a picture that --data does not have is said, the rest is written', async () => {
  writeFileSync(
    join(folder, 'one.json'),
    JSON.stringify({ images: [{ id: 5, file_name: first }], annotations: [], categories: [{ id: 1, name: 'nucleus' }] }),
  );
  const { status, stdout, stderr } = await detect([`pics/${second}`, `pics/${first}`, '--format', 'coco', '--data', 'one.json']);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`^ERR_MIMDET_DATASET: pics/${second}: `));
  assert.ok((JSON.parse(stdout) as CocoResult[]).every(({ image_id }) => image_id === 5));
});

test('bad pictures have a line with their error, in their place, and the exit status is 1', async () => {
  writeFileSync(join(folder, 'b.txt'), 'no picture');
  const inputs = ['b.txt', `pics/${first}`, 'none.png', 'pics/*.gif', 'http://x/y.png', `pics/${second}`];
  const { status, stdout, stderr } = await detect(inputs);
  assert.deepEqual([status, stderr], [1, '']);
  const found = jsonLines<Line>(stdout);
  assert.deepEqual(
    found.map(({ file }) => file),
    inputs,
  );
  const [decode, argument] = ['ERR_MIMDET_DECODE', 'ERR_MIMDET_INVALID_ARGUMENT'];
  assert.deepEqual(
    found.map(({ error }) => error?.code),
    [decode, undefined, decode, argument, argument, undefined],
  );
  const table = await detect(['b.txt', `pics/${first}`, '--format', 'table']);
  assert.equal(table.status, 1);
  assert.match(table.stdout, /^b\.txt {2}ERR_MIMDET_DECODE: /);
});

test('patterns are expanded by us; folders of folders with --recursive; a literal [ is no pattern', async () => {
  mkdirSync(join(folder, 'deep/sub'), { recursive: true });
  copyFileSync(join(folder, 'pics', first), join(folder, 'deep/sub/a[1].png'));
  const files = async (args: string[]) => jsonLines<Line>((await detect([...args, '--no-masks'])).stdout).map(({ file }) => file);
  assert.deepEqual(
    await files(['pics/*.png']),
    names.map((name) => `pics/${name}`),
  );
  assert.deepEqual(await files(['deep', '-r']), ['deep/sub/a[1].png']);
  assert.deepEqual(await files(['deep/sub/a[1].png']), ['deep/sub/a[1].png']);
});

test('names from standard input, by lines or NUL', async () => {
  for (const end of ['\n', '\0']) {
    const { status, stdout } = await detect(['-'], { input: [`pics/${second}`, `pics/${first}`].join(end) });
    assert.equal(status, 0);
    assert.deepEqual(
      jsonLines<Line>(stdout).map(({ file }) => file),
      [`pics/${second}`, `pics/${first}`],
    );
  }
});

test('--out writes the file, and nothing on standard output', async () => {
  const { status, stdout } = await detect([`pics/${first}`, '--out', 'found.jsonl']);
  assert.deepEqual([status, stdout], [0, '']);
  assert.equal(jsonLines<Line>(readFileSync(join(folder, 'found.jsonl'), 'utf8'))[0]?.file, `pics/${first}`);
});

test('--draw writes a PNG of the same size for each picture and overwrites no input', async () => {
  const { status, stderr } = await detect([`pics/${first}`, `pics/${second}`, 'deep', '-r', '--draw', 'drawn/here']);
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(join(folder, 'drawn/here')).sort(), ['a[1].png', first, second].sort());
  const [before, drawn] = await Promise.all(
    [`pics/${first}`, `drawn/here/${first}`].map((file) =>
      sharp(join(folder, file)).removeAlpha().raw().toBuffer({ resolveWithObject: true }),
    ),
  );
  assert.deepEqual([drawn!.info.width, drawn!.info.height], [before!.info.width, before!.info.height]);
  assert.ok(!drawn!.data.equals(before!.data));
  const bytes = readFileSync(join(folder, 'pics', first));
  await detect([`pics/${first}`, '--draw', 'pics']);
  assert.ok(readFileSync(join(folder, 'pics', first)).equals(bytes));
});

test('--draw never overwrites an input of the same run, also where inputs come as a list', async () => {
  mkdirSync(join(folder, 'out'), { recursive: true });
  mkdirSync(join(folder, 'raw'), { recursive: true });
  for (const [from, to] of [[first, 'raw/a.png'], [second, 'out/a.png']] as const) copyFileSync(join(folder, 'pics', from), join(folder, to));
  const bytes = readFileSync(join(folder, 'out/a.png'));
  const both = await detect(['raw/a.png', 'out/a.png', '--draw', 'out']);
  assert.equal(both.status, 0, both.stderr);
  assert.deepEqual(readdirSync(join(folder, 'out')).sort(), ['a-detections-2.png', 'a-detections.png', 'a.png']);
  const again = await detect(['-', '--draw', 'out'], { input: 'raw/a.png\nout/a.png\nout/a-detections.png\n' });
  assert.equal(again.status, 0, again.stderr);
  assert.ok(readFileSync(join(folder, 'out/a.png')).equals(bytes));
  assert.deepEqual(readdirSync(join(folder, 'out')).length, 6);
});

test('an earlier result file stays where the model does not load', async () => {
  writeFileSync(join(folder, 'earlier.jsonl'), 'earlier\n'.repeat(1000));
  const typo = await mimdet(['detect', `pics/${first}`, '--weights', 'nuclie', '--out', 'earlier.jsonl'], { cwd: folder });
  assert.equal(typo.status, 1);
  assert.equal(readFileSync(join(folder, 'earlier.jsonl'), 'utf8'), 'earlier\n'.repeat(1000));
  assert.equal((await detect([`pics/${first}`, '--out', 'earlier.jsonl'])).status, 0);
  assert.equal(jsonLines<Line>(readFileSync(join(folder, 'earlier.jsonl'), 'utf8')).length, 1);
  assert.equal((await detect([`pics/${first}`, '--out', '/dev/null'])).status, 0, 'a device cannot be emptied');
});

test('standard output that cannot be written to is said', async () => {
  const command = '"$0" "$1" detect "$2" --weights nuclei --min-size 192 --max-size 320 > /dev/full';
  const run = promisify(execFile)('sh', ['-c', command, process.execPath, main, join(folder, 'pics', first)], {
    env: { ...process.env, MIMDET_DEVICE: 'cpu' },
  });
  await assert.rejects(run, ({ code, stderr }: { code: number; stderr: string }) => code === 1 && /^ENOSPC: [^\n]*\n$/.test(stderr));
});

test('weights that are not there, or no weights, end the command with one line', async () => {
  const missing = await mimdet(['detect', `pics/${first}`, '--weights', 'nucleii'], { cwd: folder });
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /^ERR_MIMDET_WEIGHTS: .*nuclei[^\n]*\n$/);
  const text = await mimdet(['detect', `pics/${first}`, '--weights', join(root, 'package.json')], { cwd: folder });
  assert.equal(text.status, 1);
  assert.match(text.stderr, /^ERR_MIMDET_WEIGHTS: [^\n]*\n$/);
});

test('a device or a LibTorch that the machine lacks is status 3', async () => {
  const { status, stderr } = await detect([`pics/${first}`], { env: { MIMDET_LIBTORCH: '/no/such/libtorch' } });
  assert.equal(status, 3);
  assert.match(stderr, /^ERR_MIMDET_DEVICE: [^\n]*\n$/);
});
