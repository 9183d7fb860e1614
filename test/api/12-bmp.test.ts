// BMP, which has its own decoder: every form of the format against pixels worked out by hand, and hostile files.
import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeBmp } from '../../lib/bmp.js';

interface Form {
  width: number;
  height: number;
  bits: number;
  compression?: number;
  palette?: number[][]; // red, green, blue
  masks?: number[];
  pixels: number[]; // as they stand in the file
  headerSize?: number;
}

/** A file with a Windows header (or OS/2's, of 12 bytes). */
function bmp({ width, height, bits, compression = 0, palette = [], masks = [], pixels, headerSize = 40 }: Form): Buffer {
  const core = headerSize === 12;
  const colours = palette.flatMap(([red, green, blue]) => (core ? [blue!, green!, red!] : [blue!, green!, red!, 0]));
  const maskBytes = Buffer.alloc(masks.length * 4);
  masks.forEach((mask, i) => maskBytes.writeUInt32LE(mask >>> 0, i * 4));
  const header = Buffer.alloc(14 + headerSize);
  header.write('BM');
  header.writeUInt32LE(header.length + maskBytes.length + colours.length, 10);
  header.writeUInt32LE(headerSize, 14);
  if (core) {
    header.writeUInt16LE(width, 18);
    header.writeUInt16LE(height, 20);
    header.writeUInt16LE(bits, 24);
  } else {
    header.writeInt32LE(width, 18);
    header.writeInt32LE(height, 22);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(compression, 30);
    header.writeUInt32LE(palette.length, 46);
  }
  return Buffer.concat([header, maskBytes, Buffer.from(colours), Buffer.from(pixels)]);
}

const rgb = async (form: Form) => Array.from((await decodeBmp(bmp(form), 1e6)).data);
const black = [0, 0, 0];
const red = [255, 0, 0];
const green = [0, 255, 0];
const blue = [0, 0, 255];

test('24 bits: rows from the bottom, padded to four bytes; the last padding may be missing', async () => {
  const pixels = [...[1, 2, 3], 0, ...[4, 5, 6]];
  assert.deepEqual(await rgb({ width: 1, height: 2, bits: 24, pixels }), [6, 5, 4, 3, 2, 1]);
});

test('a negative height: rows from the top', async () => {
  assert.deepEqual(await rgb({ width: 1, height: -2, bits: 24, pixels: [1, 2, 3, 0, 4, 5, 6, 0] }), [3, 2, 1, 6, 5, 4]);
});

test('32 bits: the fourth byte is dropped', async () => {
  assert.deepEqual(await rgb({ width: 2, height: 1, bits: 32, pixels: [1, 2, 3, 0, 4, 5, 6, 255] }), [3, 2, 1, 6, 5, 4]);
});

test('16 bits: five a colour, or fields of the file', async () => {
  assert.deepEqual(
    await rgb({ width: 2, height: 1, bits: 16, pixels: [0xff, 0x7f, 0x1f, 0x00] }),
    [255, 255, 255, 0, 0, 255],
  );
  const masks = [0xf800, 0x07e0, 0x001f];
  const form = { width: 2, height: 1, bits: 16, compression: 3, masks, pixels: [0x00, 0xf8, 0xe0, 0x07] };
  assert.deepEqual(await rgb(form), [...red, ...green]);
});

test('32-bit fields: in another order, of ten bits, up to the highest bit', async () => {
  const swapped = { width: 1, height: 1, bits: 32, compression: 3, masks: [0xff, 0xff00, 0xff0000], pixels: [1, 2, 3, 4] };
  assert.deepEqual(await rgb(swapped), [1, 2, 3]);
  const ten = { ...swapped, masks: [0xffc00000, 0x3ff000, 0xffc], pixels: [0xfc, 0x0f, 0x00, 0xff] };
  assert.deepEqual(await rgb(ten), [Math.floor((1020 * 255) / 1023), 0, 255]);
});

test('palettes of 1, 2, 4 and 8 bits; a colour that the file does not name is black', async () => {
  const palette = [red, green, blue, [7, 8, 9]];
  assert.deepEqual(
    await rgb({ width: 9, height: 1, bits: 1, palette, pixels: [0b01000000, 0b10000000, 0, 0] }),
    [red, green, red, red, red, red, red, red, green].flat(),
  );
  assert.deepEqual(await rgb({ width: 4, height: 1, bits: 2, palette, pixels: [0b00011011, 0, 0, 0] }), palette.flat());
  assert.deepEqual(
    await rgb({ width: 3, height: 1, bits: 4, palette, pixels: [0x10, 0x20, 0, 0] }),
    [green, red, blue].flat(),
  );
  assert.deepEqual(await rgb({ width: 3, height: 1, bits: 8, palette, pixels: [2, 0, 200, 0] }), [blue, red, black].flat());
});

test("OS/2's short header", async () => {
  const form = {
    width: 2,
    height: 1,
    bits: 8,
    palette: Array.from({ length: 256 }, (_, i) => [i, 0, 255 - i]),
    headerSize: 12,
  };
  assert.deepEqual(await rgb({ ...form, pixels: [0, 255, 0, 0] }), [0, 0, 255, 255, 0, 0]);
});

test('RLE8: runs, literals, row ends, jumps', async () => {
  const palette = [black, red, green, blue];
  const runs = [2, 1, 1, 2, 0, 0, /* literal */ 0, 3, 3, 2, 1, 0, 0, 1];
  assert.deepEqual(
    await rgb({ width: 3, height: 2, bits: 8, compression: 1, palette, pixels: runs }),
    [blue, green, red, red, red, green].flat(),
  );
  const jump = [1, 1, /* jump */ 0, 2, 1, 1, 1, 3, 0, 1];
  assert.deepEqual(
    await rgb({ width: 3, height: 2, bits: 8, compression: 1, palette, pixels: jump }),
    [black, black, blue, red, black, black].flat(),
  );
});

test('RLE4: two colours a run, odd literals', async () => {
  const palette = [black, red, green, blue];
  const pixels = [3, 0x12, 0, 0, /* literal of 3 */ 0, 3, 0x32, 0x10, 0, 1];
  assert.deepEqual(
    await rgb({ width: 3, height: 2, bits: 4, compression: 2, palette, pixels }),
    [blue, green, red, red, green, red].flat(),
  );
});

const refused = (bytes: Uint8Array, message: RegExp) =>
  assert.rejects(
    decodeBmp(bytes, 1e6),
    (error: Error & { code: string }) => error.code === 'ERR_MIMDET_DECODE' && message.test(error.message),
  );

test('cut, contradictory and hostile files are refused', async () => {
  const good: Form = { width: 2, height: 2, bits: 24, pixels: [1, 2, 3, 4, 5, 6, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0] };
  const bytes = bmp(good);
  await refused(bytes.subarray(0, 20), /ends within its header/);
  await refused(bytes.subarray(0, bytes.length - 3), /needs 68 bytes and has 67/);
  await refused(bmp({ ...good, width: 0 }), /is 0 x 2 pixels/);
  await refused(bmp({ ...good, width: -5 }), /is -5 x 2 pixels/);
  await refused(bmp({ ...good, width: 2 ** 31 - 1, height: -(2 ** 31) }), /more than the 1000000 allowed/);
  await refused(bmp({ ...good, bits: 7 }), /has 7 bits a pixel in compression 0/);
  await refused(bmp({ ...good, compression: 5 }), /in compression 5/);
  await refused(bmp({ ...good, headerSize: 38 }), /a header of 38 bytes/);
  const noPixels = bmp(good);
  noPixels.writeUInt32LE(0xffffffff, 10);
  await refused(noPixels, /has its pixels at byte 4294967295/);
});

test('run lengths that are cut or leave the picture are refused', async () => {
  const form = { width: 2, height: 2, bits: 8, compression: 1, palette: [black, red] };
  await refused(bmp({ ...form, pixels: [2, 1] }), /ends before the picture does/);
  await refused(bmp({ ...form, pixels: [0, 5, 1] }), /ends before the picture does/);
  await refused(bmp({ ...form, pixels: [0, 2, 200, 0, 1, 1] }), /jumps out of the picture/);
  await refused(bmp({ ...form, pixels: [0, 2, 0, 200, 1, 1] }), /jumps out of the picture/);
  assert.equal(
    (await rgb({ ...form, pixels: [255, 1, 0, 0, 255, 1, 0, 1] })).length,
    12,
    'what a run has too much is not drawn',
  );
});

test('no bytes at all crash it', async () => {
  let state = 12345;
  const random = () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 8;
  const start = bmp({
    width: 5,
    height: 5,
    bits: 8,
    compression: 1,
    palette: [red, green],
    pixels: Array.from({ length: 40 }, () => random() & 255),
  });
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(start.subarray(0, random() % 4 === 0 ? random() % start.length : start.length));
    for (let i = 0; i < 4 && bytes.length > 0; i++) bytes[random() % bytes.length] = random() & 255;
    await decodeBmp(bytes, 10_000).catch((error: { code?: string }) => assert.equal(error.code, 'ERR_MIMDET_DECODE'));
  }
});
