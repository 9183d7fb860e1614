// How many pixels a picture has, by its header, so that what decoding will take is known before it begins. Before it: image.ts has the
// bytes. After it: admission of the decoding. Asking the decoder takes half a millisecond, so the common formats are read here.
import { isBmp } from './bmp.js';

/** Of a picture, in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** More than any of the headers here, but JPEG's, takes. */
const leastBytes = 30;

/** @param ask the decoder, for TIFF and AVIF. 0 where there is no header that can be read: decoding says what is wrong */
export async function pixelCount(bytes: Uint8Array, ask: () => Promise<Partial<Size>>): Promise<number> {
  if (bytes.length < leastBytes) return 0;
  const { width = 0, height = 0 } = headerSize(bytes) ?? (await ask().catch(() => ({}) as Partial<Size>));
  return width * height;
}

/** By the first byte, as the signature is known to be one of a picture's; undefined for other formats. */
function headerSize(bytes: Uint8Array): Partial<Size> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 0x89) return pngSize(bytes);
  if (bytes[0] === 0xff) return jpegSize(view);
  if (bytes[0] === 0x47) return { width: view.getUint16(6, true), height: view.getUint16(8, true) }; // GIF
  if (bytes[0] === 0x52) return webpSize(view); // RIFF
  return isBmp(bytes) ? bmpSize(bytes) : undefined;
}

/** By its IHDR, which comes first: no decoder takes the size from elsewhere. Undefined where something else comes first. */
export function pngSize(bytes: Uint8Array): Size | undefined {
  const isHeader = bytes[0] === 0x89 && bytes.length >= 24 && String.fromCharCode(...bytes.subarray(12, 16)) === 'IHDR';
  if (!isHeader) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** Segments and stray bytes before a frame's header: more of them than any camera writes are left to the decoder, which has its own thread. */
const mostSteps = 65_536;

/** Segments are passed over until the frame's header (SOF0 to SOF15), which comes before any picture data. */
function jpegSize(view: DataView): Partial<Size> | undefined {
  for (let at = 2, steps = 0; at + 9 <= view.byteLength; steps++) {
    if (steps === mostSteps) return undefined;
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === 0xff) at++; // stray bytes, and bytes that fill up
    else if (isFrame(marker)) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    else at += hasNoLength(marker) ? 2 : 2 + view.getUint16(at + 2);
  }
  return {};
}

/** Without DHT, JPG and DAC, which lie among them. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** TEM, RST0 to RST7, SOI, and 0, which makes of the byte before it no marker. */
const hasNoLength = (marker: number) => marker <= 1 || (marker >= 0xd0 && marker <= 0xd8);

/** Its three kinds: lossy (14 bits a side), lossless (14 bits, less 1), extended (24 bits, less 1). */
function webpSize(view: DataView): Partial<Size> {
  const kind = view.getUint8(15);
  if (kind === 0x20) return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  const sides = view.getUint32(21, true);
  if (kind === 0x4c) return { width: (sides & 0x3fff) + 1, height: ((sides >>> 14) & 0x3fff) + 1 };
  return { width: (view.getUint32(23, true) >>> 8) + 1, height: (view.getUint32(26, true) >>> 8) + 1 };
}

/**
 * OS/2's first header of 12 bytes has sides of 16 bits; all others of 32, with a negative height for rows from the top. No size where the
 * file ends before: decoding says so.
 */
export function bmpSize(bytes: Uint8Array): Size {
  if (bytes.length < 26) return { width: 0, height: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
}
