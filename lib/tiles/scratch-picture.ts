// A picture too large for memory, as plain pixels in a temporary file: libvips decodes it in one pass, a few rows at a time, and any rows
// can be read afterwards. The file has no name any more once it is complete, so that nothing is left however the process ends.
// Before it: open-picture. After it: pixel-rows.
import { rmSync, promises as fs } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abortable } from '../abort.js';
import { codeOf } from '../errors.js';
import { asRgb, decodeError, decoding, openEncoded } from '../image.js';
import { expected, Words } from '../validate.js';
import type { OpenOptions } from './open-picture.js';
import { fileRows, stripBytes, type PixelRows } from './pixel-rows.js';

/** libvips' own form (.v): a header of 64 bytes, then the pixels, row by row. */
const headerBytes = 64;

/** Rejects with ERR_MIMDET_DECODE, ERR_MIMDET_OUT_OF_MEMORY where the disk is too small or missing, `signal.reason` on an abort. */
export async function scratchRows(source: string | Uint8Array, options: OpenOptions): Promise<PixelRows> {
  const { signal, standing } = options;
  const folder = await fs.mkdtemp(join(tmpdir(), 'mimdet-scratch-')).catch(noScratch);
  removeAtExit(folder);
  const work = decoding
    .run(() => decodeInto(folder, source, options).catch(noScratch), signal, standing)
    .finally(async () => {
      await fs.rm(folder, { recursive: true, force: true });
      folders.delete(folder);
    });
  // libvips cannot be stopped: after an abort the pass goes on, and the file is closed when it ends.
  return abortable(work, signal, () => void work.then((rows) => rows.close()).catch(() => {}));
}

async function decodeInto(folder: string, source: string | Uint8Array, { admit, strip = 0 }: OpenOptions): Promise<PixelRows> {
  const { width, height, autoOrient, orientation = 1 } = await openEncoded(source, { limitInputPixels: false }).metadata();
  const isTurned = orientation > 1;
  await admit?.(stripBytes(autoOrient.width, strip));
  await checkSpace(folder, width * height * 3 * (isTurned ? 2 : 1));
  const decoded = join(folder, 'picture.v');
  let info = await write(asRgb(openEncoded(source, { limitInputPixels: false })), decoded);
  const upright = isTurned ? join(folder, 'upright.v') : decoded;
  // Turning needs rows in any order, which the scratch file can give and a PNG or JPEG cannot.
  if (isTurned) info = await write(turned(openEncoded(decoded, { limitInputPixels: false, sequentialRead: false }), orientation), upright);
  return fileRows(await fs.open(upright, 'r'), headerBytes, info);
}

type Picture = ReturnType<typeof openEncoded>;

async function write(picture: Picture, path: string): Promise<{ width: number; height: number }> {
  const info = await picture.toFile(path).catch((error: unknown) => {
    throw isFullDisk(error) ? fullDisk({ received: 'less', cause: error }) : decodeError(error, Infinity);
  });
  if (info.channels !== 3) throw decodeError(new Error(`${info.channels} channels`), Infinity);
  return info;
}

/** What EXIF's orientations ask for. */
function turned(picture: Picture, orientation: number): Picture {
  const turns: Record<number, (picture: Picture) => Picture> = {
    2: (upright) => upright.flop(),
    3: (upright) => upright.rotate(180),
    4: (upright) => upright.flip(),
    5: (upright) => upright.rotate(270).flop(),
    6: (upright) => upright.rotate(90),
    7: (upright) => upright.rotate(90).flop(),
    8: (upright) => upright.rotate(270),
  };
  return (turns[orientation] ?? ((same: Picture) => same))(picture);
}

async function checkSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await fs.statfs(folder);
  if (bavail * bsize < needed + headerBytes) throw fullDisk({ needed: gigabytes(needed), received: gigabytes(bavail * bsize) });
}

function fullDisk({ needed = 'space', received, cause }: { needed?: string; received: string; cause?: unknown }) {
  const what = `${needed} on the disk of ${tmpdir()} (TMPDIR names another folder)`;
  return expected(what, 'tile', new Words(received), 'ERR_MIMDET_OUT_OF_MEMORY', cause);
}

/** What the file system says itself: no such folder, no permission, no space. */
function noScratch(error: unknown): never {
  const code = codeOf(error);
  if (!/^E[A-Z0-9]+$/.test(code)) throw error;
  throw fullDisk({ received: code === 'ENOSPC' ? 'none' : code, cause: error });
}

const isFullDisk = (error: unknown) => /no space left|write error|unable to write/i.test(String(error));
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** Those in use: they go when the process ends. */
const folders = new Set<string>();
let isListening = false;

/** One listener for all: Node warns of leaks from the eleventh on. */
function removeAtExit(folder: string): void {
  folders.add(folder);
  if (isListening) return;
  isListening = true;
  process.once('exit', () => folders.forEach((each) => rmSync(each, { recursive: true, force: true })));
}
