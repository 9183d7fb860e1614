// report.html: one file that needs no other, whose numbers are the evaluation's, whatever names and pictures it is given.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import sharp from 'sharp';
import type { Dataset, DatasetObject, DatasetPicture } from '../../lib/data/dataset.js';
import { Detections } from '../../lib/index.js';
import { chart } from '../../lib/report/chart.js';
import { html } from '../../lib/report/html.js';
import { duration, logTicks, niceTicks, short } from '../../lib/report/numbers.js';
import { simplify } from '../../lib/report/outline.js';
import { reportPage, writeReport, type ReportInput } from '../../lib/report/report.js';
import { thin } from '../../lib/report/thin.js';
import type { MetricsRecord } from '../../lib/train/metrics.js';

const folder = mkdtempSync(join(tmpdir(), 'mimdet-report-'));
after(() => rmSync(folder, { recursive: true }));

const hostile = '<script>alert("x")</script>';
const losses = { rpnCls: 0.5, rpnLoc: 0.25, cls: 1, boxReg: 0.5, mask: 0.75 };
const ms = { prepare: 10, backbone: 100, rpn: 20, roi: 30, backward: 200, update: 5, total: 370 };
const step = (number: number): MetricsRecord => ({
  step: number,
  lr: 1e-4,
  loss: 3 / number,
  losses,
  gradNorm: 2,
  objects: 4,
  foreground: 8,
  ms,
  waitMs: 30,
  imagesPerSecond: 5,
});

const object = (id: number, classId: number, x: number): DatasetObject => ({
  id,
  classId,
  box: [x, 10, x + 20, 30],
  polygons: [[x, 10, x + 20, 10, x + 20, 30, x, 30]],
  crowd: false,
});

/** Two pictures, three objects of two classes. @param masks what the objects have */
async function dataset(masks: 'all' | 'none' = 'all'): Promise<Dataset> {
  const files = ['a.png', 'b & c.png'].map((name) => join(folder, name));
  for (const file of files)
    await sharp({ create: { width: 120, height: 80, channels: 3, background: '#234' } })
      .png()
      .toFile(file);
  const objects = [[object(1, 0, 5), object(2, 1, 60)], [object(3, 0, 30)]].map((list) =>
    masks === 'all' ? list : list.map(({ polygons: _, ...rest }) => rest),
  );
  return {
    name: 'test',
    form: 'coco',
    classes: [hostile, 'cell'],
    categoryIds: [9, 3],
    pictures: files.map((file, i) => ({ id: 70 + i, file, width: 120, height: 80, objects: objects[i]! })),
    masks,
  };
}

const box = (name: string, classId: number, score: number, x: number) => ({
  class: name,
  classId,
  score,
  box: [x, 10, x + 20, 30],
});
const found = (...instances: object[]) => Detections.fromJSON({ width: 120, height: 80, instances });

/** The first picture: one hit, one of the wrong class. The second: nothing, but one below the threshold. */
const detections = () => [
  found(box(hostile, 0, 0.9, 5), box(hostile, 0, 0.8, 60)),
  found(box(hostile, 0, 0.2, 30), box('unknown', 5, 0.9, 30)),
];

async function page(input: Partial<ReportInput> = {}): Promise<string> {
  return reportPage({
    metrics: [step(1), step(2)],
    validation: { dataset: await dataset('none'), detections: detections() },
    ...input,
  });
}

test('it needs no other file, and names are text', async () => {
  const text = await page({
    title: hostile,
    config: `data: ${hostile}`,
    notes: [hostile],
    faults: [{ file: hostile, annotation: 17, class: hostile, code: 'no-area', message: hostile }],
    facts: { [hostile]: hostile },
  });
  assert.ok(!text.includes('<script>alert'));
  assert.equal(text.match(/<script>/g)?.length, 1);
  for (const [, address] of text.matchAll(/(?:href|src)="([^"]*)"/g))
    assert.match(address!, /^(#|data:image\/jpeg;base64,)/);
  assert.ok(!/url\(|@import/.test(text));
  assert.match(text, /default-src 'none'|default-src &#39;none&#39;/);
});

test('confusion: rows are what is there, in the order of category ids, the background last', async () => {
  const text = await page();
  const rows = [...text.matchAll(/<th scope="row" class="text">(.*?)<\/th>(.*?)<\/tr>/g)].map(([, name, cells]) => [
    name,
    ...[...cells!.matchAll(/<td[^>]*>(\d*)<\/td>/g)].map(([, count]) => count),
  ]);
  const escaped = '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;';
  assert.deepEqual(rows, [
    ['cell', '0', '1', '0', '1'],
    [escaped, '0', '1', '1', '2'],
    ['background', '0', '0', '', '0'],
  ]);
});

test('pictures: misses and wrong classes are marked, results below the threshold left out', async () => {
  const text = await page();
  const titles = [...text.matchAll(/<title>([^<]*)<\/title><\/path>/g)].map(([, title]) => title);
  const escaped = '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;';
  assert.deepEqual(titles.sort(), [
    `${escaped}`,
    `${escaped} 0.80, wrong`,
    `${escaped} 0.90`,
    `${escaped}, missed`,
    'cell, missed',
  ]);
  assert.equal(text.match(/class="shape wrong"/g)?.length, 3);
});

test('masks are evaluated where all objects have some, boxes alone where not', async () => {
  assert.ok(!(await page()).includes('Masks: precision'));
  const masks = [detections()[0]!, found()];
  const text = await page({ validation: { dataset: await dataset('all'), detections: masks } });
  assert.ok(text.includes('Masks: precision over recall') && text.includes('Boxes: precision over recall'));
  const ofBoxes = await page({ validation: { dataset: await dataset('all'), detections: masks, masks: false } });
  assert.ok(!ofBoxes.includes('Masks: precision') && ofBoxes.includes('Boxes: precision over recall'), 'a model without masks');
});

test('what is missing leaves its section out; what has gone is said', async () => {
  const bare = await reportPage({ metrics: [] });
  assert.ok(bare.includes('No step was done') && !bare.includes('id="precision"') && !bare.includes('href="#confusion"'));
  const gone = await dataset('none');
  gone.pictures[0]!.file = join(folder, 'gone.png');
  assert.match(
    await page({ validation: { dataset: gone, detections: detections() } }),
    /The picture cannot be read: .*gone\.png/,
  );
});

test('a run on boxes has no curve of a mask loss; values that are not finite are left out', async () => {
  const boxes = { ...step(1), losses: { ...losses, mask: 0 }, gradNorm: Infinity } as MetricsRecord;
  const text = await reportPage({ metrics: [boxes, step(0), { ...boxes, step: 2 } as MetricsRecord].slice(0, 1) });
  assert.ok(text.includes('Loss: Box') && !text.includes('Loss: Mask') && !text.includes('Gradient norm'));
  assert.ok(!/NaN|Infinity/.test(text.replace(/<script>[^]*<\/script>/, '')));
});

test('a long run with large pictures stays under a megabyte', async () => {
  const big = await dataset('none');
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const side = { width: 1600, height: 1200 };
  await sharp({ create: { ...side, channels: 3, background: '#000', noise } })
    .png()
    .toFile(join(folder, 'noise.png'));
  const ring = Array.from(
    { length: 4000 },
    (_, i) => 600 + (500 + 5 * (i % 7)) * (i % 2 ? Math.sin(i / 1000) : Math.cos(i / 1000)),
  );
  const objects = Array.from({ length: 60 }, (_, i) => ({ ...object(i + 1, 0, i), polygons: [ring] }));
  const pictures: DatasetPicture[] = Array.from({ length: 12 }, (_, i) => ({
    id: i,
    file: join(folder, 'noise.png'),
    ...side,
    objects: i ? [] : objects,
  }));
  for (const [i, picture] of pictures.entries()) if (i > 0) picture.objects = [object(1000 + i, 0, 3)];
  const nothing = Detections.fromJSON({ ...side, instances: [] });
  const text = await page({
    metrics: Array.from({ length: 20_000 }, (_, i) => step(i + 1)),
    validation: { dataset: { ...big, pictures }, detections: pictures.map(() => nothing) },
  });
  assert.ok(text.length < 1e6, `${text.length} bytes`);
});

test('writeReport replaces a file when the new one is whole', async () => {
  const path = join(folder, 'report.html');
  await writeReport(path, { metrics: [step(1)] });
  assert.match(readFileSync(path, 'utf8'), /^<!doctype html>/);
  const wrong = { dataset: await dataset(), detections: [] };
  await assert.rejects(writeReport(path, { metrics: [], validation: wrong }), /Expected detections of 2 pictures/);
  assert.match(readFileSync(path, 'utf8'), /Total loss/);
  await assert.rejects(writeReport(join(folder, 'none', 'r.html'), { metrics: [] }), { code: 'ENOENT' });
  assert.ok(!existsSync(`${path}.new`));
});

test('an abort ends it', async () => {
  await assert.rejects(page({ signal: AbortSignal.abort('no') }), (reason) => reason === 'no');
});

test('charts: a point has a dot, equal values have an axis, the numbers are in the page', () => {
  const point = (x: number, y: number) => ({ x, mean: y, low: y, high: y });
  const one = chart({ title: 'Loss', x: 'step', series: [{ name: 'loss', colour: 1, points: [point(5, 2)] }] }).text;
  assert.match(one, /<circle class="dot s1"/);
  assert.match(one, /aria-label="Loss over step. loss: 2 at 5, 2 at 5"/);
  assert.ok(!one.includes('NaN'));
  assert.equal(chart({ title: 'Loss', x: 'step', series: [{ name: 'loss', colour: 1, points: [] }] }).text, '');
  const zeros = chart({
    title: 'Norm',
    x: 'step',
    log: true,
    series: [{ name: 'n', colour: 1, points: [point(1, 0), point(2, 0)] }],
  }).text;
  assert.ok(!/NaN|Infinity/.test(zeros));
});

test('numbers and ticks', () => {
  assert.deepEqual([0, 0.01234, 1234.5, 4e-5, NaN].map(short), ['0', '0.0123', '1,235', '4e-5', 'not finite']);
  assert.deepEqual([12, 65, 3720].map(duration), ['12 s', '1 min 5 s', '1 h 2 min']);
  assert.deepEqual(niceTicks(0, 0.93, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(niceTicks(2, 2, 5).length > 1, true);
  assert.deepEqual(logTicks(0.03, 40), [0.01, 0.1, 1, 10, 100]);
  assert.equal(html`<b>${['<', 1, false, null]}</b>`.text, '<b>&lt;1</b>');
});

test('thin: every step counts, and the last stays the last', () => {
  const points = thin(
    Array.from({ length: 1001 }, (_, i) => [i, i === 500 ? 1e6 : 1] as const),
    100,
  );
  assert.ok(points.length <= 100);
  assert.equal(points.at(-1)!.x, 1000);
  assert.equal(Math.max(...points.map(({ high }) => high)), 1e6);
});

test('simplify: corners stay, points on lines go', () => {
  const square = Array.from({ length: 40 }, (_, i) => {
    const [side, at] = [Math.floor(i / 10), i % 10];
    return (
      [
        [at, 0],
        [10, at],
        [10 - at, 10],
        [0, 10 - at],
      ] as const
    )[side]!;
  });
  const kept = simplify(square, 0.3).map(([x, y]) => `${x} ${y}`);
  for (const corner of ['0 0', '10 0', '10 10', '0 10']) assert.ok(kept.includes(corner), corner);
  assert.ok(kept.length <= 5);
});
