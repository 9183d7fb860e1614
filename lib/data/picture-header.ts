// Size and wholeness of a picture from its first and last bytes: 100,000 pictures are not decoded before the first step. A file
// whose end is missing is decoded to be sure.
// Before it: a data set's pictures. After it: check-pictures. Sizes are those of `decodeImage`: EXIF orientation applied.
import { constants, promises as fs } from 'node:fs';
import sharp from 'sharp';
import { checkSignature, decodeImage } from '../image.js';
import { isBmp } from '../bmp.js';

export interface PictureSize {
  width: number;
  height: number;
  /** Before the EXIF orientation. */
  stored: { width: number; height: number };
}

const endBytes = 64;

/** First and last bytes of a regular file; a pipe is not waited for. */
async function ends(path: string): Promise<{ start: Buffer; end: Buffer; size: number }> {
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new Error(status.isDirectory() ? 'a folder' : 'not a regular file');
    const start = Buffer.alloc(endBytes);
    const end = Buffer.alloc(endBytes);
    const { bytesRead } = await file.read(start, 0, endBytes, 0);
    const { bytesRead: last } = await file.read(end, 0, endBytes, Math.max(0, status.size - endBytes));
    return { start: start.subarray(0, bytesRead), end: end.subarray(0, last), size: status.size };
  } finally {
    await file.close();
  }
}

/** Formats that say where they end, do so. Others, and those with something appended, have to be decoded. */
function endsWhole(start: Buffer, end: Buffer, size: number): boolean {
  if (start[0] === 0xff) return end.includes(Buffer.from([0xff, 0xd9]));
  if (start[0] === 0x89) return end.includes('IEND');
  if (start.toString('latin1', 0, 4) === 'RIFF') return start.length >= 8 && size >= start.readUInt32LE(4) + 8;
  return false;
}

/** @throws ERR_MIMDET_DECODE for what is no whole picture, the file system's errors for what cannot be opened */
export async function readPictureSize(path: string, signal?: AbortSignal): Promise<PictureSize> {
  const { start, end, size } = await ends(path);
  checkSignature(start);
  if (isBmp(start) || !endsWhole(start, end, size)) {
    const { width, height } = await decodeImage(path, { signal });
    if (isBmp(start)) return { width, height, stored: { width, height } };
  }
  const { width, height, autoOrient } = await sharp(path).metadata();
  return { width: autoOrient.width, height: autoOrient.height, stored: { width, height } };
}
