// BMP, the one format of the contract that sharp cannot read: palettes (1, 2, 4, 8 bit), RLE4, RLE8, 16, 24 and 32 bit,
// bit fields, top-down rows, OS/2 headers. Before it: image.ts knows the signature. After it: RGB. Alpha is dropped, as
// everywhere. The decoders on npm leave out palettes or top-down rows, get RLE wrong, or believe the header's sizes.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MimdetError } from './errors.js';
import { decodeRle } from './bmp-rle.js';
import type { DecodedImage } from './image.js';

/** Pixels that are converted before other work gets a turn: a few milliseconds. */
const pixelsPerTurn = 1 << 20;

interface Header {
  width: number;
  height: number;
  topDown: boolean;
  bits: number;
  compression: number;
  /** Where the pixels start. */
  offset: number;
  masks: [red: number, green: number, blue: number];
  /** 256 colours as RGB; those that the file does not name are black. */
  palette: Uint8Array;
}

const compressions = { none: 0, rle8: 1, rle4: 2, bitFields: 3, alphaBitFields: 6 } as const;

export function isBmp(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x42 && bytes[1] === 0x4d;
}

/** Decodes a whole BMP. Rejects with ERR_MIMDET_DECODE: cut or contradictory files, formats that are none, too many pixels. */
export async function decodeBmp(bytes: Uint8Array, maxPixels: number): Promise<DecodedImage> {
  const header = readHeader(bytes, maxPixels);
  const { width, height, bits, compression, palette } = header;
  if (compression === compressions.rle8 || compression === compressions.rle4) {
    const indices = await decodeRle(bytes.subarray(header.offset), width, height, bits as 4 | 8);
    const stored = { ...header, bits: 8, offset: 0 };
    return toRgb(stored, indices, width, paletteRow(8, palette));
  }
  const stride = Math.floor((width * bits + 31) / 32) * 4;
  // The last row's padding may be missing; writers leave it out.
  const needed = header.offset + stride * (height - 1) + Math.ceil((width * bits) / 8);
  if (needed > bytes.length) throw broken(`needs ${needed} bytes and has ${bytes.length}`);
  return toRgb(header, bytes, stride, rowReader(header));
}

/** Turns the pixels of one row, which starts at `from`, into RGB at `to`. */
type RowReader = (source: Uint8Array, from: number, width: number, target: Uint8Array, to: number) => void;

async function toRgb(header: Header, source: Uint8Array, stride: number, readRow: RowReader): Promise<DecodedImage> {
  const { width, height, topDown, offset } = header;
  const data = new Uint8Array(width * height * 3);
  const rowsPerTurn = Math.max(1, Math.floor(pixelsPerTurn / width));
  for (let row = 0; row < height; row++) {
    if (row > 0 && row % rowsPerTurn === 0) await nextTurn();
    const y = topDown ? row : height - 1 - row;
    readRow(source, offset + row * stride, width, data, y * width * 3);
  }
  return { data, width, height, channels: 3 };
}

function rowReader(header: Header): RowReader {
  if (header.bits <= 8) return paletteRow(header.bits, header.palette);
  if (header.bits === 24) return row24;
  return maskedRow(header.bits / 8, header.masks);
}

function paletteRow(bits: number, palette: Uint8Array): RowReader {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  return (source, from, width, target, to) => {
    for (let x = 0; x < width; x++) {
      const byte = source[from + Math.floor(x / perByte)]!;
      const colour = ((byte >> (8 - bits * ((x % perByte) + 1))) & mask) * 3;
      target[to++] = palette[colour]!;
      target[to++] = palette[colour + 1]!;
      target[to++] = palette[colour + 2]!;
    }
  };
}

const row24: RowReader = (source, from, width, target, to) => {
  for (let x = 0; x < width; x++, from += 3) {
    target[to++] = source[from + 2]!;
    target[to++] = source[from + 1]!;
    target[to++] = source[from]!;
  }
};

function maskedRow(bytesPerPixel: number, masks: Header['masks']): RowReader {
  const fields = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { shift, max: Math.max(1, mask >>> shift), mask };
  });
  return (source, from, width, target, to) => {
    for (let x = 0; x < width; x++, from += bytesPerPixel) {
      let pixel = source[from]! | (source[from + 1]! << 8);
      if (bytesPerPixel === 4) pixel |= (source[from + 2]! << 16) | (source[from + 3]! << 24);
      for (const { shift, max, mask } of fields) target[to++] = Math.floor((((pixel & mask) >>> shift) * 255) / max);
    }
  };
}

function readHeader(bytes: Uint8Array, maxPixels: number): Header {
  if (bytes.length < 26) throw broken('ends within its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(14, true);
  const header = size === 12 ? readCoreHeader(view) : readInfoHeader(view, size);
  checkHeader(header, bytes.length, maxPixels);
  const palette = header.bits > 8 ? new Uint8Array(0) : readPalette(bytes, size, header);
  return { ...header, palette };
}

type HeaderFields = Omit<Header, 'palette'> & { colours: number };

/** OS/2's first header: 16-bit sides, palette entries of three bytes. */
function readCoreHeader(view: DataView): HeaderFields {
  return {
    width: view.getUint16(18, true),
    height: view.getUint16(20, true),
    topDown: false,
    bits: view.getUint16(24, true),
    compression: compressions.none,
    offset: view.getUint32(10, true),
    masks: [0, 0, 0],
    colours: 0,
  };
}

function readInfoHeader(view: DataView, size: number): HeaderFields {
  if (size < 40 || size > 124 || 14 + size > view.byteLength) throw broken(`has a header of ${size} bytes`);
  const height = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  return {
    width: view.getInt32(18, true),
    height: Math.abs(height),
    topDown: height < 0,
    bits,
    compression,
    offset: view.getUint32(10, true),
    masks: readMasks(view, bits, compression),
    colours: view.getUint32(46, true),
  };
}

function readMasks(view: DataView, bits: number, compression: number): Header['masks'] {
  const stored = compression === compressions.bitFields || compression === compressions.alphaBitFields;
  if (!stored) return bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff];
  if (view.byteLength < 66) throw broken('ends within its header');
  return [view.getUint32(54, true), view.getUint32(58, true), view.getUint32(62, true)];
}

function checkHeader(header: HeaderFields, bytes: number, maxPixels: number): void {
  const { width, height, bits, compression, offset } = header;
  const { none, rle8, rle4, bitFields, alphaBitFields } = compressions;
  const allowed: Record<number, number[]> = {
    [none]: [1, 2, 4, 8, 16, 24, 32],
    [rle8]: [8],
    [rle4]: [4],
    [bitFields]: [16, 32],
    [alphaBitFields]: [16, 32],
  };
  if (!allowed[compression]?.includes(bits)) throw broken(`has ${bits} bits a pixel in compression ${compression}`);
  if (width < 1 || height < 1) throw broken(`is ${width} x ${height} pixels`);
  if (width * height > maxPixels) throw broken(`is ${width} x ${height} pixels, more than the ${maxPixels} allowed`);
  if (offset < 26 || offset > bytes) throw broken(`has its pixels at byte ${offset} of ${bytes}`);
}

function readPalette(bytes: Uint8Array, headerSize: number, header: HeaderFields): Uint8Array {
  const entry = headerSize === 12 ? 3 : 4;
  const start = 14 + headerSize;
  const most = 1 << header.bits;
  const named = header.colours === 0 ? most : Math.min(header.colours, most);
  const count = Math.min(named, Math.floor((Math.min(header.offset, bytes.length) - start) / entry));
  const palette = new Uint8Array(256 * 3);
  for (let i = 0; i < count; i++) {
    const at = start + i * entry;
    palette.set([bytes[at + 2]!, bytes[at + 1]!, bytes[at]!], i * 3);
  }
  return palette;
}

function broken(what: string): MimdetError {
  return new MimdetError('ERR_MIMDET_DECODE', `Expected a whole picture for \`image\` but received a BMP that ${what}`);
}
