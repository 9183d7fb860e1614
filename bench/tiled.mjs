// Tiled detection: whether seams are invisible, and whether memory is bounded.
// node bench/tiled.mjs seams [--columns 3] [--rows 3] [--size 256] [--overlap 64] [--shifts 0,20,40]
//   a mosaic of the example pictures, in tiles (cropped by so many pixels, so that the grid falls elsewhere) against one pass at the same
//   scale. Exit status 1 where two boxes overlap so much that one pass would have suppressed one of them.
// node bench/tiled.mjs memory [--side 20000] [--size 2048] [--limit-mb 1500]
//   peak resident size over a PNG of side × side pixels, with a model that looks at very little. Exit status 1 above the limit.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { Detector } from 'mimdet';

const examples = fileURLToPath(new URL('../examples/pictures/', import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    weights: { type: 'string', default: 'nuclei' },
    threads: { type: 'string', default: '2' },
    columns: { type: 'string', default: '3' },
    rows: { type: 'string', default: '3' },
    size: { type: 'string' },
    overlap: { type: 'string', default: '64' },
    shifts: { type: 'string', default: '0,20,40' },
    side: { type: 'string', default: '20000' },
    'limit-mb': { type: 'string', default: '1500' },
  },
});
const numberOf = (name, fallback) => Number(options[name] ?? fallback);

/** Pictures cut to 256 × 256, side by side. */
async function mosaic(columns, rows) {
  const side = 256;
  const files = readdirSync(examples).map((name) => examples + name);
  const places = Array.from({ length: columns * rows }, (_, i) => i);
  const parts = places.map(async (i) => ({
    input: await sharp(files[i % files.length]).removeAlpha().resize(side, side, { fit: 'cover' }).png().toBuffer(),
    left: (i % columns) * side,
    top: Math.floor(i / columns) * side,
  }));
  const canvas = { width: columns * side, height: rows * side, channels: 3, background: 'black' };
  return sharp({ create: canvas }).composite(await Promise.all(parts)).png().toBuffer();
}

const shifted = (picture, by, { width, height }) =>
  sharp(picture).extract({ left: by, top: by, width: width - by, height: height - by }).png().toBuffer();

/** Instances with the pixels of their masks, in the frame of the whole mosaic. */
function placed(found, by) {
  return found.instances.map(({ score, box, mask }) => {
    const bitmap = mask.toBitmap();
    const pixels = new Set();
    for (let y = Math.floor(box.y1); y < Math.min(found.height, Math.ceil(box.y2) + 1); y++)
      for (let x = Math.floor(box.x1); x < Math.min(found.width, Math.ceil(box.x2) + 1); x++)
        if (bitmap[y * found.width + x]) pixels.add((y + by) * 100_000 + x + by);
    return { score, box, pixels };
  });
}

function iou(a, b) {
  let both = 0;
  for (const pixel of a.pixels) both += b.pixels.has(pixel);
  return both === 0 ? 0 : both / (a.pixels.size + b.pixels.size - both);
}

/** Whether suppression within one pass would have left one of the two. */
function isTwice({ box: a }, { box: b }, nmsThreshold) {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return false;
  const both = width * height;
  return both / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - both) > nmsThreshold;
}

const best = (one, others) => Math.max(0, ...others.map((other) => iou(one, other)));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sure objects of `left` that `right` has at all, and how well the masks agree. */
function compare(left, right) {
  const ious = left.filter(({ score }) => score >= 0.5).map((one) => best(one, right));
  const same = ious.filter((value) => value >= 0.5);
  return `${same.length} of ${ious.length} found again, mean mask IoU ${mean(same).toFixed(3)}`;
}

async function seams() {
  const [columns, rows, size] = [numberOf('columns'), numberOf('rows'), numberOf('size', 256)];
  const picture = await mosaic(columns, rows);
  const canvas = { width: columns * 256, height: rows * 256 };
  const threads = numberOf('threads');
  const detector = await Detector.load(options.weights, { device: 'cpu', threads });
  const scale = detector.info.minSize / size;
  const minSize = Math.round(Math.min(canvas.width, canvas.height) * scale);
  const whole = await Detector.load(options.weights, { device: 'cpu', threads, minSize, maxSize: 60_000 });
  const once = placed(await whole.detect(picture, { maxDetections: 10_000 }), 0);
  await whole.close();
  let [first, twice] = [undefined, 0];
  for (const by of options.shifts.split(',').map(Number)) {
    const found = await detector.detect(await shifted(picture, by, canvas), { tile: { size, overlap: numberOf('overlap') } });
    const objects = placed(found, by);
    const double = objects.filter((one, i) => objects.slice(0, i).some((other) => isTwice(one, other, detector.info.config.roi.nmsThreshold))).length;
    twice += double;
    console.log(`grid moved by ${by}: ${objects.length} objects, ${double} of them twice; one pass: ${once.length} objects`);
    console.log(`  one pass in tiles: ${compare(once, objects)}; tiles in one pass: ${compare(objects, once)}`);
    if (first) console.log(`  first grid in this one: ${compare(first, objects)}`);
    first ??= objects;
  }
  await detector.close();
  return twice > 0;
}

async function memory() {
  const [side, size, limit] = [numberOf('side'), numberOf('size', 2048), numberOf('limit-mb')];
  const folder = mkdtempSync(join(tmpdir(), 'tiled-bench-'));
  try {
    const path = join(folder, 'large.png');
    const tile = await sharp(await mosaic(2, 2)).toBuffer();
    const canvas = { width: side, height: side, channels: 3, background: 'black' };
    await sharp({ create: canvas, limitInputPixels: false }).composite([{ input: tile, tile: true }]).png({ compressionLevel: 1 }).toFile(path);
    const detector = await Detector.load(options.weights, { device: 'cpu', threads: numberOf('threads'), minSize: 64, maxSize: 64 });
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss / 2 ** 20)), 20);
    const start = performance.now();
    const found = await detector.detect(path, { tile: { size } });
    clearInterval(watch);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const pixelsMb = (side * side * 3) / 2 ** 20;
    console.log(`${side} x ${side}: ${found.length} objects in ${seconds} s (decoding ${(found.timing.decodeMs / 1000).toFixed(1)} s)`);
    console.log(`peak resident size ${peak.toFixed(0)} MB; the pixels alone are ${pixelsMb.toFixed(0)} MB; allowed ${limit} MB`);
    await detector.close();
    return peak > limit;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const measure = { seams, memory }[positionals[0] ?? 'seams'];
process.exitCode = (await measure()) ? 1 : 0;
