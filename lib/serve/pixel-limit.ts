// Refuses pictures of more pixels than the server allows, by their header, before anything is decoded: a small file may hold
// a picture that fills the memory. Before it: request-pictures. After it: `detect()`, which tells everything else that is wrong.
import sharp from 'sharp';
import { isBmp } from '../bmp.js';
import { checkSignature } from '../image.js';
import { expected, Words } from '../validate.js';

/** Rejects with ERR_MIMDET_DECODE. */
export async function checkPixels(bytes: Uint8Array, maxPixels: number): Promise<void> {
  checkSignature(bytes);
  const [width, height] = isBmp(bytes) ? bmpSize(bytes) : await headerSize(bytes);
  if (width * height <= maxPixels) return;
  throw expected(`a picture of at most ${maxPixels} pixels`, 'image', new Words(`${width} x ${height}`), 'ERR_MIMDET_DECODE');
}

/** [0, 0] where there is no header that can be read: decoding will say why. */
async function headerSize(bytes: Uint8Array): Promise<[number, number]> {
  const header = await sharp(bytes, { limitInputPixels: false }).metadata().catch(() => undefined);
  return [header?.width ?? 0, header?.height ?? 0];
}

/** The old header of 12 bytes has sides of 16 bits, all others of 32, a negative height for rows from the top. */
function bmpSize(bytes: Uint8Array): [number, number] {
  if (bytes.length < 26) return [0, 0];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(14, true) === 12) return [view.getUint16(18, true), view.getUint16(20, true)];
  return [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))];
}
