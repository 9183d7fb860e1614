// Any picture as rows of pixels, however large: small ones are decoded into memory, large ones once, from top to bottom, into a scratch
// file. Before it: image.ts. After it: detect-in-tiles.
import { abortable } from '../abort.js';
import { decodeSnapshot, decoding, imageFile, openEncoded, tooManyPixels, type DecodeWork, type Snapshot } from '../image.js';
import { isBmp } from '../bmp.js';
import { firstBytes, withFile } from '../location.js';
import { memoryRows, type PixelRows } from './pixel-rows.js';
import { scratchRows } from './scratch-picture.js';

/** 200 MB as RGB. BMP files and pixels that a user has in memory stay there whatever their size. */
const mostPixelsInMemory = 2 ** 26;

/** As run lengths of a mask count in 32 bits. */
const mostPixels = 2 ** 32 - 1;

/** `admit`: for the whole picture where it is kept in memory, else for the strips. */
export interface OpenOptions extends Pick<DecodeWork, 'standing' | 'admit'> {
  signal: AbortSignal;
  /** Rows that are read at a time. */
  strip?: number;
  /** Pixels above which a picture goes through a scratch file. */
  inMemory?: number;
}

/** Rejects with ERR_MIMDET_DECODE for what is no whole picture or has 2^32 pixels, `signal.reason` on an abort. */
export async function openPicture(source: Snapshot, options: OpenOptions): Promise<PixelRows> {
  const { signal, standing, admit, inMemory = mostPixelsInMemory } = options;
  if (typeof source === 'object' && !(source instanceof Uint8Array)) {
    await admit?.(source.data.length);
    return memoryRows(source);
  }
  const pixels = await abortable(decoding.run(() => countPixels(source, signal), signal, standing), signal);
  if (pixels > mostPixels) throw tooManyPixels(mostPixels, String(pixels));
  if (pixels > inMemory) return scratchRows(source, options);
  return memoryRows(await decodeSnapshot(source, { signal, standing, admit }));
}

/** By the header; 0 where decoding tells better what is wrong, or has its own limit (BMP). */
async function countPixels(source: string | Uint8Array, signal: AbortSignal): Promise<number> {
  const start = typeof source === 'string' ? await withFile(source, { ...imageFile, signal }, firstBytes) : source;
  if (isBmp(start)) return 0;
  const header = await openEncoded(source, { limitInputPixels: false }).metadata().catch(() => undefined);
  return (header?.width ?? 0) * (header?.height ?? 0);
}
