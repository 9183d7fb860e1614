// Any picture as rows of pixels, however large: small ones are decoded into memory, large ones once, from top to bottom, into a scratch
// file. Before it: image.ts. After it: detect-in-tiles.
import { decodeSnapshot, imageFile, openEncoded, tooManyPixels, type Snapshot } from '../image.js';
import { isBmp } from '../bmp.js';
import { withFile } from '../location.js';
import { memoryRows, type PixelRows } from './pixel-rows.js';
import { scratchRows } from './scratch-picture.js';

/** 200 MB as RGB. BMP files and pixels that a user has in memory stay there whatever their size. */
const mostPixelsInMemory = 2 ** 26;

/** As run lengths of a mask count in 32 bits. */
const mostPixels = 2 ** 32 - 1;

export interface OpenOptions {
  signal: AbortSignal;
  /** Above it a picture goes through a scratch file. */
  inMemory?: number;
}

/** Rejects with ERR_MIMDET_DECODE for what is no whole picture or has 2^32 pixels, `signal.reason` on an abort. */
export async function openPicture(source: Snapshot, { signal, inMemory = mostPixelsInMemory }: OpenOptions): Promise<PixelRows> {
  if (typeof source === 'object' && !(source instanceof Uint8Array)) return memoryRows(source);
  const pixels = await countPixels(source, signal);
  signal.throwIfAborted();
  if (pixels > mostPixels) throw tooManyPixels(mostPixels, String(pixels));
  if (pixels > inMemory) return scratchRows(source, signal);
  return memoryRows(await decodeSnapshot(source, { signal }));
}

/** By the header; 0 where decoding tells better what is wrong, or has its own limit (BMP). */
async function countPixels(source: string | Uint8Array, signal: AbortSignal): Promise<number> {
  const start = typeof source === 'string' ? await firstBytes(source, signal) : source;
  if (isBmp(start)) return 0;
  const header = await openEncoded(source, { limitInputPixels: false }).metadata().catch(() => undefined);
  return (header?.width ?? 0) * (header?.height ?? 0);
}

async function firstBytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
  return withFile(path, { ...imageFile, signal }, async (file) => {
    const start = new Uint8Array(64);
    await file.read(start, 0, start.length, 0);
    return start;
  });
}
