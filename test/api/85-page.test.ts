// The page at `/`, what of it runs without a browser: the document and its policy, run lengths, filters, places of labels, the
// view.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { Script } from 'node:vm';
import { Detections, Mask } from '../../lib/index.js';
import { page } from '../../lib/serve/page.js';

const folder = new URL('../../lib/serve/page/', import.meta.url);
const load = (name: string) => import(new URL(`${name}.js`, folder).href);
const { decodeRuns, areaOf, isInside, paintRuns } = await load('run-lengths');
const { readResult, visibleOf, countClasses, instanceAt, toJson, toCoco } = await load('results');
const { placeLabels } = await load('labels');
const { fitView, zoomView, panView, showBox, toPicture } = await load('view');

/** Numbers from 0 to 1 that are the same each time. */
function* numbers(seed = 1): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const random = numbers();
const next = () => random.next().value;

/** Blobs of runs as masks have them, and noise. */
function bitmapOf(height: number, width: number, density: number): Uint8Array {
  const bitmap = new Uint8Array(height * width);
  let inside = 0;
  return bitmap.map(() => (next() < density ? (inside = 1 - inside) : inside));
}

test('the document is one piece: its script and style are those that its policy allows, and nothing is asked of others', () => {
  const { html, etag, contentSecurityPolicy } = page();
  const digest = (text: string) => createHash('sha256').update(text).digest('base64');
  const [, style] = /<style>([^]*?)<\/style>/.exec(html)!;
  const [, script] = /<script type="module">([^]*?)<\/script>/.exec(html)!;
  assert.ok(contentSecurityPolicy.includes(`script-src 'sha256-${digest(script!)}'`));
  assert.ok(contentSecurityPolicy.includes(`style-src 'sha256-${digest(style!)}'`));
  assert.equal(html.match(/<(script|style)\b/g)!.length, 2);
  assert.doesNotMatch(html, /\sstyle=|\son\w+="/);
  const addresses = [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
  assert.ok(
    addresses.every((address) => /^(data:|#|docs$)/.test(address)),
    addresses.join(),
  );
  assert.match(etag, /^"[\w-]+"$/);
  assert.equal(page().html, html);
});

test('every source is part of the document, and joined they are one script without a name that stands twice', () => {
  const [, script] = /<script type="module">([^]*?)<\/script>/.exec(page().html)!;
  new Script(`(async () => { 'use strict'; ${script} })`);
  assert.doesNotMatch(script!, /^(import|export)\b/m);
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.js'))) {
    const [head] = readFileSync(new URL(name, folder), 'utf8').split('\n');
    assert.ok(script!.includes(head!), name);
  }
});

test('run lengths are those of the native code, whatever the mask', () => {
  for (const [height, width, density] of [
    [1, 1, 0],
    [1, 1, 1],
    [7, 5, 0.3],
    [60, 41, 0.05],
    [33, 64, 0.5],
    [300, 200, 0.001],
  ] as const) {
    const bitmap = bitmapOf(height, width, density);
    const mask = Mask.fromBitmap(bitmap, height, width);
    const ends = decodeRuns(mask.counts, height * width);
    assert.equal(areaOf(ends), mask.area);
    const cells = new Uint16Array(height * width);
    paintRuns(ends, height, { cells, width, height, left: 0, top: 0, step: 1 }, 1);
    assert.deepEqual([...cells], [...bitmap]);
    for (let i = 0; i < 200; i++) {
      const [x, y] = [Math.floor(next() * width), Math.floor(next() * height)];
      assert.equal(isInside(ends, x * height + y), bitmap[y * width + x] === 1);
    }
  }
});

test('a part of a mask, and every third pixel of it', () => {
  const [height, width] = [50, 70];
  const bitmap = bitmapOf(height, width, 0.1);
  const ends = decodeRuns(Mask.fromBitmap(bitmap, height, width).counts, height * width);
  const grid = { cells: new Uint16Array(12 * 9), width: 12, height: 9, left: 9, top: 6, step: 3 };
  paintRuns(ends, height, grid, 5);
  for (let row = 0; row < 9; row++)
    for (let column = 0; column < 12; column++)
      assert.equal(grid.cells[row * 12 + column], 5 * bitmap[(6 + 3 * row) * width + 9 + 3 * column]!);
});

test('text that is no mask of the picture is refused, and quickly', () => {
  for (const counts of ['', '0', 'PPPPPPPPPPPPPP', '\u0000', '~~', 'é', 'oooooooooooooooo', '5555', '1N'])
    assert.throws(() => decodeRuns(counts, 12), RangeError, counts);
});

const answer = () => ({
  file: 'a.png',
  width: 20,
  height: 10,
  ms: { decode: 1, queue: 0, model: 2, total: 3 },
  instances: [
    { class: 'b', classId: 1, score: 0.9, box: [0, 0, 10, 10], mask: square(0, 10) },
    { class: 'a', classId: 0, score: 0.5, box: [2, 2, 6.5, 6], mask: square(2, 4) },
    { class: 'b', classId: 1, score: 0.25, box: [12, 0, 20, 10] },
  ],
});

function square(from: number, side: number) {
  const bitmap = new Uint8Array(200);
  for (let y = from; y < from + side; y++) bitmap.fill(1, y * 20 + from, y * 20 + from + side);
  const { size, counts } = Mask.fromBitmap(bitmap, 10, 20);
  return { size, counts };
}

test('results are filtered, counted and found by place', () => {
  const { instances, height } = readResult(answer());
  const indices = (list: { index: number }[]) => list.map(({ index }) => index);
  assert.deepEqual(indices(visibleOf(instances, 0.25, new Set())), [0, 1]);
  assert.deepEqual(indices(visibleOf(instances, 0.1, new Set(['b']))), [1]);
  assert.deepEqual(countClasses(instances, 0.3), [
    { name: 'a', classId: 0, count: 1 },
    { name: 'b', classId: 1, count: 1 },
  ]);
  assert.equal(instanceAt(instances, height, 3.5, 3.5).index, 1, 'the smaller one lies on top');
  assert.equal(instanceAt(instances, height, 8.5, 8.5).index, 0);
  assert.equal(instanceAt(instances, height, 15, 5).index, 2, 'without a mask the box counts');
  assert.equal(instanceAt(visibleOf(instances, 0.5, new Set()), height, 15, 5), null);
});

test('files are the same as those of the library', () => {
  const result = readResult({ results: [answer()] });
  const { file: _, ...line } = toJson(result, result.instances);
  const { file, ...given } = answer();
  assert.deepEqual(line, given);
  assert.equal(file, 'a.png');
  assert.deepEqual(toCoco(result.instances, 4), JSON.parse(JSON.stringify(Detections.fromJSON(answer()).toCoco(4))));
});

test('an answer of another shape, or an error in it, is a problem; a broken mask is only missing', () => {
  for (const wrong of [null, [], {}, { width: 0, height: 1, instances: [] }, { results: [] }])
    assert.throws(() => readResult(wrong));
  const failed = { results: [{ file: 'x', error: { code: 'ERR_MIMDET_DECODE', message: 'no picture' } }] };
  assert.throws(
    () => readResult(failed),
    (error: { problem?: { code: string } }) => error.problem?.code === 'ERR_MIMDET_DECODE',
  );
  const broken = answer();
  broken.instances[0]!.mask!.counts = 'zzzz';
  assert.equal(readResult(broken).instances[0].ends, null);
});

test('labels never lie on each other, are inside, and the best ones have a place', () => {
  const stage = { width: 400, height: 300 };
  const frames = Array.from({ length: 300 }, () => ({ x: next() * 380, y: next() * 280, width: 60, height: 30 }));
  const labels = placeLabels(
    frames,
    frames.map((_, i) => [`instance ${i} 0.5`, '0.5']),
    (text: string) => text.length * 7,
    17,
    stage,
  );
  assert.equal(labels[0].index, 0);
  assert.ok(labels.length > 20 && labels.length < 300);
  labels.forEach((a: { x: number; y: number; width: number; height: number }, i: number) => {
    assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= 400 && a.y + a.height <= 300);
    for (const b of labels.slice(i + 1))
      assert.ok(a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height);
  });
});

test('the view: all is seen at first, zooming keeps the point, moving never loses the picture', () => {
  const [picture, stage] = [
    { width: 4000, height: 1000 },
    { width: 800, height: 600 },
  ];
  const fitted = fitView(picture, stage);
  assert.ok(fitted.scale * 4000 <= 800 && fitted.x >= 0 && fitted.y >= 0);
  const point = { x: 500, y: 310 };
  const before = toPicture(fitted, point);
  const near = zoomView(fitted, 8, point, picture, stage);
  const after = toPicture(near, point);
  assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-6);
  for (const [dx, dy] of [
    [1e6, 1e6],
    [-1e6, -1e6],
    [1e6, -1e6],
  ]) {
    const { scale, x, y } = panView(near, dx, dy, picture, stage);
    assert.ok(x < 800 && y < 600 && x + scale * 4000 > 0 && y + scale * 1000 > 0);
  }
  const shown = showBox(near, [3900, 900, 3990, 990], picture, stage);
  assert.ok(shown.x + shown.scale * 3945 <= 800 && shown.y + shown.scale * 945 <= 600);
  assert.ok(zoomView(near, 1e9, point, picture, stage).scale <= 40);
});
