// `mimdet draw` (lines of detect, a data set, a result file) and `mimdet bench`.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { lines, mimdet, pictures, root, scratchWithPictures } from './run-cli.js';

const folder = scratchWithPictures();
const names = readdirSync(pictures).sort();
const run = (args: string[]) => mimdet(args, { cwd: folder });

/** Number of pixels that differ between a picture and what was drawn onto it. */
async function changed(name: string, drawn: string): Promise<number> {
  const [before, after] = await Promise.all(
    [join(pictures, name), join(folder, drawn, name)].map((file) =>
      sharp(file).removeAlpha().toColourspace('srgb').raw().toBuffer(),
    ),
  );
  assert.equal(after!.length, before!.length);
  return before!.reduce((count, byte, i) => count + (byte === after![i] ? 0 : 1), 0);
}

test('draws what detect wrote, and prints the files', async () => {
  await run(['detect', 'pics', '--weights', 'nuclei', '--out', 'found.jsonl']);
  const { status, stdout, stderr } = await run(['draw', 'found.jsonl', '--out', 'drawn']);
  assert.equal(status, 0, stderr);
  assert.equal(lines(stdout).length, names.length);
  assert.deepEqual(readdirSync(join(folder, 'drawn')).sort(), names);
  assert.ok((await changed(names[0]!, 'drawn')) > 1000);
});

test('a threshold that nothing reaches leaves the pictures as they are', async () => {
  await run(['draw', 'found.jsonl', '--out', 'bare', '--score-threshold', '1']);
  assert.equal(await changed(names[0]!, 'bare'), 0);
});

test('draws the annotations of a data set', async () => {
  const { status, stderr } = await run([
    'draw',
    join(root, 'examples/nuclei.json'),
    '--images',
    'pics',
    '--out',
    'truth',
    '--quiet',
  ]);
  assert.equal(status, 0, stderr);
  assert.ok((await changed(names[0]!, 'truth')) > 1000);
});

test('polygons, uncompressed runs and a box alone are drawn; a result file wants its data set', async () => {
  const picture = {
    id: 1,
    file_name: names[0],
    ...(await sharp(join(pictures, names[0]!))
      .metadata()
      .then(({ width, height }) => ({ width, height }))),
  };
  const data = { images: [picture], annotations: [], categories: [{ id: 4, name: 'thing' }] };
  const results = [
    { image_id: 1, category_id: 4, score: 0.9, segmentation: [[20, 20, 120, 20, 120, 120, 20, 120]] },
    { image_id: 1, category_id: 4, score: 0.8, bbox: [5, 5, 50, 50] },
    {
      image_id: 1,
      category_id: 4,
      score: 0.7,
      bbox: [0, 0, 9, 9],
      segmentation: { size: [picture.height, picture.width], counts: [0, 9, picture.height! * picture.width! - 9] },
    },
  ];
  writeFileSync(join(folder, 'data.json'), JSON.stringify(data));
  writeFileSync(join(folder, 'results.json'), JSON.stringify(results));
  assert.equal((await run(['draw', 'results.json', '--out', 'shapes'])).status, 1);
  const { status, stderr } = await run(['draw', 'results.json', '--data', 'data.json', '--images', 'pics', '--out', 'shapes']);
  assert.equal(status, 0, stderr);
  assert.ok((await changed(names[0]!, 'shapes')) > 10_000);
});

test('one bad sheet is said, the others are drawn', async () => {
  const [good] = lines(readFileSync(join(folder, 'found.jsonl'), 'utf8'));
  const bad = [
    { file: 'none.png', width: 5, height: 5, instances: [] },
    { file: `pics/${names[1]}`, width: 5, height: 5, instances: [] },
    { file: `pics/${names[1]}`, instances: 7 },
  ];
  writeFileSync(join(folder, 'mixed.jsonl'), [...bad.map((line) => JSON.stringify(line)), good].join('\n'));
  const { status, stderr } = await run(['draw', 'mixed.jsonl', '--out', 'mixed']);
  assert.equal(status, 1);
  assert.equal(lines(stderr).length, 3, stderr);
  assert.deepEqual(readdirSync(join(folder, 'mixed')), [names[0]]);
});

test('draw overwrites no picture of its file', async () => {
  mkdirSync(join(folder, 'both/a'), { recursive: true });
  for (const place of ['both/x.png', 'both/a/x.jpg']) copyFileSync(join(pictures, names[0]!), join(folder, place));
  const { width, height } = await sharp(join(pictures, names[0]!)).metadata();
  const sheets = ['both/a/x.jpg', 'both/x.png'].map((file) => JSON.stringify({ file, width, height, instances: [] }));
  writeFileSync(join(folder, 'both.jsonl'), sheets.join('\n'));
  const bytes = readFileSync(join(folder, 'both/x.png'));
  for (let i = 0; i < 2; i++) {
    const { status, stderr } = await run(['draw', 'both.jsonl', '--out', 'both']);
    assert.equal(status, 0, stderr);
    assert.deepEqual(readdirSync(join(folder, 'both')).sort(), ['a', 'x-detections-2.png', 'x-detections.png', 'x.png']);
  }
  assert.ok(readFileSync(join(folder, 'both/x.png')).equals(bytes));
});

test('bench: latency, stages, event loop and memory, as text and as JSON', async () => {
  const args = ['bench', '--weights', 'nuclei', '--images', 'pics', '--runs', '4', '--warmup', '1', '--concurrency', '2'];
  const text = await run(args);
  assert.equal(text.status, 0, text.stderr);
  for (const says of ['pictures/s', 'p99', 'event loop', 'peak', 'GFLOP/s', 'mask head', 'Node']) assert.ok(text.stdout.includes(says), says);
  const summary = JSON.parse((await run([...args, '--json'])).stdout) as {
    runs: number;
    latencyMs: Record<string, number>;
    stagesMs: Record<string, number>;
    stations: Record<string, { ms: number; gflop: number; shareOfPeak: number }>;
    outsideModelMs: unknown;
    peakMemoryBytes: number;
  };
  assert.equal(summary.runs, 4);
  assert.ok(summary.latencyMs['p50']! <= summary.latencyMs['p90']! && summary.latencyMs['p90']! <= summary.latencyMs['p99']!);
  assert.ok(summary.stagesMs['model']! > 0 && summary.peakMemoryBytes > 50e6);
  assert.ok(summary.stations['all']!.ms > 0.8 * summary.stagesMs['model']!, 'stations are nearly all of the model');
  // Winograd's form of a convolution does a quarter of the multiplications that are counted.
  for (const { gflop, shareOfPeak } of Object.values(summary.stations)) assert.ok(gflop > 0 && shareOfPeak > 0 && shareOfPeak < 4);
  assert.equal(summary.outsideModelMs, null, 'two calls at a time: the queue is full of the other');
});

test('bench: a budget is reported, and the plot is a page of its own', async () => {
  const args = ['bench', '--weights', 'nuclei', '--size', '96x96', '--runs', '3', '--warmup', '1', '--budget-ms', '0.1'];
  const { status, stdout, stderr } = await run([...args, '--json', '--plot', 'bench.html']);
  assert.equal(status, 0, stderr);
  const summary = JSON.parse(stdout) as { sampleRatio: number; budget: { ms: number; keptShare: number }; outsideModelMs: { p50: number } };
  assert.equal(summary.sampleRatio, 0.25);
  assert.deepEqual(summary.budget, { ms: 0.1, keptShare: 0 });
  assert.ok(summary.outsideModelMs.p50 >= 0);
  const page = readFileSync(join(folder, 'bench.html'), 'utf8');
  assert.match(page, /<svg.*Milliseconds by percentile/s);
  assert.doesNotMatch(page, /(src|href)="https?:/);
});
