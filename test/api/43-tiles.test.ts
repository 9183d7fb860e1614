// Tiles: where they lie, what is cut out for them, pictures from memory and from a scratch file, and a detector that is made up.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import sharp from 'sharp';
import { decodeImage, type RawImage } from '../../lib/index.js';
import { cutTile } from '../../lib/tiles/cut-tile.js';
import { openPicture } from '../../lib/tiles/open-picture.js';
import type { PixelRows } from '../../lib/tiles/pixel-rows.js';
import { tileGrid } from '../../lib/tiles/tile-grid.js';
import { tileSizes } from '../../lib/tiles/tile-option.js';

const never = new AbortController().signal;
const grey = [120, 121, 122] as const;

/** Every pixel another colour, as far as possible. */
function picture(width: number, height: number, channels: 1 | 3 | 4 = 3): RawImage {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 7 + Math.floor(i / 251)) % 256);
  return { data, width, height, channels };
}

async function allRows(rows: PixelRows): Promise<Uint8Array> {
  const { data } = await rows.read(0, rows.height);
  await rows.close();
  return new Uint8Array(data);
}

const scratchFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('mimdet-scratch-'));

test('tiles cover a picture, overlap by what was asked or more, and end at its edges', () => {
  for (const [width, size, overlap] of [[1000, 256, 64], [257, 256, 64], [50_000, 256, 0], [999, 100, 50]] as const) {
    const { lefts } = tileGrid({ width, height: 10 }, { size, overlap });
    assert.equal(lefts[0], 0);
    assert.equal(lefts.at(-1)! + size, width);
    for (let i = 1; i < lefts.length; i++) {
      assert.ok(lefts[i]! > lefts[i - 1]!);
      assert.ok(lefts[i - 1]! + size - lefts[i]! >= overlap, `tiles ${i - 1} and ${i} of ${width}`);
    }
    assert.ok(lefts.length <= Math.ceil((width - overlap) / (size - overlap)));
  }
});

test('a picture no larger than a tile is one tile', () => {
  for (const side of [1, 100, 256]) assert.deepEqual([...tileGrid({ width: side, height: 1 }, { size: 256, overlap: 64 }).lefts], [0]);
});

test('a tile is as large as the model wants pictures, and shares a quarter, unless told otherwise', () => {
  assert.deepEqual(tileSizes({}, 384), { size: 384, overlap: 96 });
  assert.deepEqual(tileSizes({ size: 256 }, 384), { size: 256, overlap: 64 });
  assert.deepEqual(tileSizes({ overlap: 10 }, 384), { size: 384, overlap: 10 });
  assert.throws(() => tileSizes({ overlap: 200 }, 384), /from 0 to 192 for `tile.overlap` but received 200/);
});

test('a tile is cut out as RGB, whatever the channels; beside the picture is the given colour', () => {
  for (const channels of [1, 3, 4] as const) {
    const { data, width } = picture(9, 7, channels);
    const tile = cutTile({ data: data.subarray(2 * width * channels), channels }, width, 5, 6, grey);
    assert.deepEqual([tile.width, tile.height, tile.data.length], [6, 6, 108]);
    for (let y = 0; y < 6; y++)
      for (let x = 0; x < 6; x++) {
        const at = ((y + 2) * width + x + 5) * channels;
        const pixel = channels === 1 ? [data[at], data[at], data[at]] : [...data.subarray(at, at + 3)];
        const expected = x < 4 && y < 5 ? pixel : [...grey];
        assert.deepEqual([...tile.data.subarray((y * 6 + x) * 3, (y * 6 + x) * 3 + 3)], expected, `${x}, ${y} of ${channels} channels`);
      }
  }
});

test('a scratch file gives the pixels that decoding gives: grey, alpha, 16 bits, every orientation', async () => {
  const { data, width, height, channels } = picture(23, 17, 4);
  const raw = () => sharp(data, { raw: { width, height, channels } });
  const files = [raw().png(), raw().removeAlpha().greyscale().png(), raw().toColourspace('rgb16').png(), raw().removeAlpha().jpeg(), raw().tiff()];
  for (let orientation = 2; orientation <= 8; orientation++) files.push(raw().removeAlpha().withMetadata({ orientation }).png());
  for (const file of files) {
    const bytes = new Uint8Array(await file.toBuffer());
    const decoded = await decodeImage(bytes);
    const rows = await openPicture(bytes, { signal: never, inMemory: 10 });
    assert.deepEqual([rows.width, rows.height], [decoded.width, decoded.height]);
    assert.ok(Buffer.from(await allRows(rows)).equals(decoded.data));
  }
  assert.deepEqual(scratchFolders(), []);
});

test('rows of a scratch file come from any place, and nothing is left on the disk while it is in use', async () => {
  const { data, width, height } = picture(40, 30);
  const path = join(mkdtempSync(join(tmpdir(), 'test-tiles-')), 'a.png');
  writeFileSync(path, await sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer());
  const rows = await openPicture(path, { signal: never, inMemory: 10 });
  assert.deepEqual(scratchFolders(), []);
  for (const [top, count] of [[0, 30], [29, 1], [7, 5]] as const) {
    const read = await rows.read(top, count);
    assert.ok(Buffer.from(read.data).equals(Buffer.from(data).subarray(top * 120, (top + count) * 120)));
  }
  await rows.close();
});

test('what is no whole picture is told as ever, and leaves nothing behind', async () => {
  const { data, width, height } = picture(200, 200);
  const whole = new Uint8Array(await sharp(data, { raw: { width, height, channels: 3 } }).png().toBuffer());
  const refused = { code: 'ERR_MIMDET_DECODE' };
  await assert.rejects(openPicture(whole.subarray(0, whole.length / 2), { signal: never, inMemory: 10 }), refused);
  await assert.rejects(openPicture('/nowhere/a.png', { signal: never, inMemory: 10 }), refused);
  await assert.rejects(openPicture(new Uint8Array(9), { signal: never, inMemory: 10 }), refused);
  assert.deepEqual(scratchFolders(), []);
});

test('a scratch file that cannot be is an error of the package', async (t) => {
  const bytes = new Uint8Array(await sharp({ create: { width: 50, height: 50, channels: 3, background: 'red' } }).png().toBuffer());
  const before = process.env['TMPDIR'];
  t.after(() => (before === undefined ? delete process.env['TMPDIR'] : (process.env['TMPDIR'] = before)));
  process.env['TMPDIR'] = '/no/such/folder';
  await assert.rejects(openPicture(bytes, { signal: never, inMemory: 10 }), {
    name: 'MimdetError',
    code: 'ERR_MIMDET_OUT_OF_MEMORY',
    message: /on the disk of \/no\/such\/folder \(TMPDIR names another folder\) for `tile` but received ENOENT$/,
  });
});

test('many pictures that wait for their scratch files bring no warning', async (t) => {
  const bytes = new Uint8Array(await sharp({ create: { width: 50, height: 50, channels: 3, background: 'red' } }).png().toBuffer());
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const opened = await Promise.all(Array.from({ length: 20 }, () => openPicture(bytes, { signal: never, inMemory: 10 })));
  for (const rows of opened) await rows.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});

test('memory is asked for before anything is decoded: for the strips of a scratch file, else for the picture', async () => {
  const bytes = new Uint8Array(await sharp({ create: { width: 50, height: 70, channels: 3, background: 'red' } }).withMetadata({ orientation: 6 }).png().toBuffer());
  const asked: number[] = [];
  const admit = async (count: number) => void asked.push(count);
  for (const inMemory of [10, 1000_000]) await (await openPicture(bytes, { signal: never, admit, strip: 16, inMemory })).close();
  await openPicture(picture(9, 7, 4), { signal: never, admit });
  assert.deepEqual(asked, [2 * 70 * 3 * 16, 50 * 70 * 3, 9 * 7 * 4]);
  const refuses = async () => Promise.reject(new Error('no room'));
  for (const inMemory of [10, 1000_000]) await assert.rejects(openPicture(bytes, { signal: never, admit: refuses, inMemory }), /no room/);
  assert.deepEqual(scratchFolders(), []);
});

test('an abort is answered at once, and its scratch file goes when the pass ends', async () => {
  const bytes = new Uint8Array(await sharp({ create: { width: 3000, height: 3000, channels: 3, background: 'red' } }).png().toBuffer());
  const controller = new AbortController();
  const opening = openPicture(bytes, { signal: controller.signal, inMemory: 10 });
  setTimeout(() => controller.abort(new Error('enough')), 5);
  await assert.rejects(opening, /enough/);
  for (let i = 0; i < 200 && scratchFolders().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(scratchFolders(), []);
});
