// Masks on a drawing, pixel by pixel as a plain painter would do it, and other work that goes on meanwhile.
import assert from 'node:assert/strict';
import test from 'node:test';
import sharp from 'sharp';
import { Detections, Mask } from '../../lib/index.js';
import { colourOf } from '../../lib/drawing/colours.js';

const [width, height] = [37, 29];
const opacity = 0.4;

type Bits = (x: number, y: number) => boolean;

function maskOf(inside: Bits): Mask {
  const bits = Uint8Array.from({ length: width * height }, (_, i) => Number(inside(i % width, Math.floor(i / width))));
  return Mask.fromBitmap(bits, height, width);
}

/** One that has empty runs within, which pycocotools also reads. */
const brokenRuns = Mask.fromRuns([height * 3 + 4, 5, 0, 6, 0, height, width * height - height * 4 - 15], height, width);

const masks: Record<string, Mask> = {
  nothing: maskOf(() => false),
  everything: maskOf(() => true),
  'one pixel': maskOf((x, y) => x === 9 && y === 7),
  corners: maskOf((x, y) => (x === 0 || x === width - 1) && (y === 0 || y === height - 1)),
  column: maskOf((x) => x === 12),
  'two columns, end to start': maskOf((x, y) => (x === 4 && y > 20) || (x === 5 && y < 3)),
  row: maskOf((_, y) => y === height - 1),
  board: maskOf((x, y) => (x + y) % 2 === 0),
  ring: maskOf((x, y) => Math.abs(Math.hypot(x - 18, y - 14) - 9) < 3),
  pieces: maskOf((x, y) => x % 5 < 3 && y % 7 < 4),
  'runs of nothing': brokenRuns,
};

const grey = (x: number, y: number, c: number) => (x * 7 + y * 3 + c * 50) % 256;
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => grey(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3));
const picture = { data: pixels, width, height, channels: 3 } as const;

const found = (all: Mask[]) => ({
  width,
  height,
  instances: all.map((mask, i) => ({ class: 'x', classId: 0, score: 1 - i / 100, box: [0, 0, 1, 1], mask: { size: mask.size, counts: mask.counts } })),
});

async function drawn(all: Mask[], scale: number): Promise<Uint8Array> {
  const png = await Detections.fromJSON(found(all)).draw(picture, { boxes: false, labels: false, scale, opacity });
  return sharp(png).raw().toBuffer();
}

/** What lies below, pixels of the mask mixed with the colour, their sides covered where the neighbour is none. */
function paint(data: Uint8Array, bits: Uint8Array, scale: number, colour: readonly number[]): void {
  const at = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && bits[y * width + x] === 1;
  const line = Math.ceil(scale / 3);
  for (let y = 0; y < height * scale; y++)
    for (let x = 0; x < width * scale; x++) {
      const [px, py, sx, sy] = [Math.floor(x / scale), Math.floor(y / scale), x % scale, y % scale];
      if (!at(px, py)) continue;
      const rim =
        (sx < line && !at(px - 1, py)) ||
        (sx >= scale - line && !at(px + 1, py)) ||
        (sy < line && !at(px, py - 1)) ||
        (sy >= scale - line && !at(px, py + 1));
      for (let c = 0; c < 3; c++) {
        const i = (y * width * scale + x) * 3 + c;
        data[i] = Math.round(data[i]! + (colour[c]! - data[i]!) * (rim ? 1 : opacity));
      }
    }
}

const all = Object.entries(masks);
for (const [name, several] of [...all.map(([name, mask]) => [name, [mask]] as const), ['all of them', Object.values(masks)] as const]) {
  test(`mask: ${name}`, async () => {
    for (const scale of [1, 2, 3, 5]) {
      const expected = await drawn([], scale);
      for (let i = several.length - 1; i >= 0; i--) paint(expected, several[i]!.toBitmap(), scale, colourOf(i));
      assert.deepEqual(await drawn([...several], scale), expected, `scale ${scale}`);
    }
  });
}

test('a broken mask is refused', async () => {
  const broken = { ...found([masks['row']!]), instances: [{ ...found([masks['row']!]).instances[0]!, mask: { size: [height, width], counts: '0!' } }] };
  await assert.rejects(Detections.fromJSON(broken).draw(picture), { code: 'ERR_MIMDET_INVALID_ARGUMENT' });
});

test('other work gets its turns, however large the masks, and an abort ends the drawing', async () => {
  const side = 3000;
  const large = { data: new Uint8Array(side * side * 3), width: side, height: side, channels: 3 } as const;
  const mask = Mask.fromRuns([0, side * side], side, side);
  const instances = Array.from({ length: 6 }, () => ({ class: 'x', classId: 0, score: 1, box: [0, 0, side, side], mask: { size: mask.size, counts: mask.counts } }));
  const detections = Detections.fromJSON({ width: side, height: side, instances });
  const stop = new AbortController();
  let [last, longest, turns] = [performance.now(), 0, 0];
  const beat = setInterval(() => {
    const now = performance.now();
    if (turns > 2) longest = Math.max(longest, now - last); // the first ones see the picture being copied
    last = now;
    if (++turns === 12) stop.abort(new Error('enough'));
  }, 1);
  const drawing = detections.draw(large, { signal: stop.signal });
  await assert.rejects(drawing, /enough/);
  clearInterval(beat);
  assert.ok(longest < 150, `${longest} ms without a turn`);
});
