// Drawing: a PNG of the picture's size on which masks, boxes and labels can be seen where they belong.
import assert from 'node:assert/strict';
import test from 'node:test';
import sharp from 'sharp';
import { Detections, Mask, type DrawOptions } from '../../lib/index.js';
import { drawable } from '../../lib/drawing/glyphs.js';
import { placeLabels } from '../../lib/drawing/labels.js';

const [width, height] = [100, 80];
const grey = { data: new Uint8Array(width * height * 3).fill(100), width, height, channels: 3 } as const;

function discAt(cx: number, cy: number, radius: number): Mask {
  const bits = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return (x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2 ? 1 : 0;
  });
  return Mask.fromBitmap(bits, height, width);
}

const found = Detections.fromJSON({
  width,
  height,
  instances: [{ class: 'nucleus', classId: 0, score: 0.98, box: [40, 40, 61, 61], mask: discAt(50, 50, 10) }],
});

async function pixels(options?: DrawOptions, what = found) {
  const png = await what.draw(grey, options);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  assert.equal(info.channels, 3);
  return {
    ...info,
    at: (x: number, y: number) => Array.from(data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)),
    data,
  };
}

const untouched = [100, 100, 100];

test('a PNG of the picture’s size; nothing changes where nothing was found', async () => {
  const drawn = await pixels();
  assert.deepEqual([drawn.format, drawn.width, drawn.height], ['raw', width, height]);
  assert.deepEqual(drawn.at(5, 75), untouched);
  assert.notDeepEqual(drawn.at(50, 50), untouched, 'the mask');
  assert.notDeepEqual(drawn.at(60, 60), untouched, 'the box');
});

test('masks are translucent, their outlines are not', async () => {
  const drawn = await pixels({ boxes: false, labels: false });
  const [rim, inside] = [drawn.at(50, 40), drawn.at(50, 50)];
  assert.deepEqual(
    inside,
    rim.map((value) => Math.round(100 + (value - 100) * 0.4)),
  );
  assert.deepEqual(drawn.at(40, 40), untouched);
});

test('each part can be left out', async () => {
  assert.ok((await pixels({ masks: false, boxes: false, labels: false })).data.every((value) => value === 100));
  assert.deepEqual((await pixels({ masks: false, labels: false })).at(50, 50), untouched);
});

test('a label above the box, with letters that stand out from it', async () => {
  const { data } = await pixels({ masks: false, boxes: false });
  const rows = Array.from({ length: height }, (_, y) =>
    data.subarray(y * width * 3, (y + 1) * width * 3).some((value) => value !== 100),
  );
  assert.equal(rows.indexOf(true), 30);
  assert.equal(rows.lastIndexOf(true), 39);
  const shades = new Set(Array.from({ length: 1000 }, (_, i) => data[(30 * width + i) * 3]));
  assert.ok(shades.size >= 3, 'background, label and letters');
});

test('scale enlarges, without limit it is refused', async () => {
  const drawn = await pixels({ scale: 3 });
  assert.deepEqual([drawn.width, drawn.height], [300, 240]);
  assert.notDeepEqual(drawn.at(150, 150), untouched);
  await assert.rejects(found.draw(grey, { scale: 17 }), /from 1 to 16 for `scale` but received 17/);
});

test('several classes have several colours, one class has one for each instance', async () => {
  const box = (classId: number, x: number) => ({ class: `c${classId}`, classId, score: 0.5, box: [x, 50, x + 10, 60] });
  const colours = async (classIds: number[], options?: DrawOptions) => {
    const instances = classIds.map((id, i) => box(id, 10 + 30 * i));
    const { at } = await pixels({ labels: false, ...options }, Detections.fromJSON({ width, height, instances }));
    return new Set(classIds.map((_, i) => at(10 + 30 * i, 55).join())).size;
  };
  assert.equal(await colours([0, 1, 0]), 2);
  assert.equal(await colours([0, 0, 0]), 3);
  assert.equal(await colours([0, 0, 0], { colours: 'class' }), 1);
});

test('boxes from a file may be anything', async () => {
  const wild = [
    [-1e308, -1e308, 1e308, 1e308],
    [NaN, 0, 1, 1].map((n) => n || 0),
    [90, 70, 10, 5],
    [99.5, 79.5, 1e9, 1e9],
    [-50, -50, -10, -10],
  ];
  const instances = wild.map((box) => ({ class: 'x', classId: 3, score: 1e300, box }));
  assert.equal((await pixels({}, Detections.fromJSON({ width, height, instances }))).width, width);
});

test('another picture is refused', async () => {
  const other = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 } as const;
  await assert.rejects(found.draw(other), /the picture of these detections \(100 x 80\) for `image` but received 1 x 1/);
});

test('labels never overlap, the best score keeps its place', () => {
  const box = { x: 20, y: 20, width: 10, height: 10 };
  const boxes = Array.from({ length: 30 }, () => box);
  const texts = boxes.map(() => ['nucleus 0.98', '0.98']);
  const labels = [...placeLabels(boxes, texts, 1, { width, height })].filter((label) => label !== undefined);
  assert.equal(labels[0]!.index, 0);
  assert.equal(labels[0]!.text, 'nucleus 0.98');
  assert.ok(labels.length < 30);
  for (const a of labels) {
    assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height, 'within the picture');
    for (const b of labels)
      assert.ok(a === b || a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y);
  }
});

test('names in any script have letters', () => {
  assert.equal(drawable('Zellkörper', 'x'), 'Zellkorper');
  assert.equal(drawable('Straße №1', 'x'), 'Strasse No1');
  assert.equal(drawable('細胞核', 'class 4'), 'class 4');
  assert.equal(drawable('細胞 nucleus', 'x'), '?? nucleus');
});
