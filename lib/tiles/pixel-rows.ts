// The pixels of a picture, some rows at a time, from memory or from a scratch file. Before it: image.ts. After it: cut-tile.
import type { promises as fs } from 'node:fs';
import { MimdetError } from '../errors.js';

/** Rows as they are stored: `width * channels` bytes each. */
export interface Rows {
  data: Uint8Array | Uint8ClampedArray;
  channels: 1 | 3 | 4;
}

export interface PixelRows {
  readonly width: number;
  readonly height: number;
  /** Bytes of memory that it takes while `count` rows are at work. */
  bytes(count: number): number;
  read(top: number, count: number): Promise<Rows>;
  close(): Promise<void>;
}

interface MemoryPicture extends Rows {
  width: number;
  height: number;
}

export function memoryRows({ data, width, height, channels }: MemoryPicture): PixelRows {
  const stride = width * channels;
  return {
    width,
    height,
    bytes: () => data.length,
    read: (top, count) => Promise.resolve({ data: data.subarray(top * stride, (top + count) * stride), channels }),
    close: () => Promise.resolve(),
  };
}

/** Bytes while `count` rows of a scratch file are at work: the old rows are there until the new ones have come. */
export const stripBytes = (width: number, count: number) => 2 * width * 3 * count;

/** RGB pixels from byte `start` on. The file is closed at the end. */
export function fileRows(file: fs.FileHandle, start: number, { width, height }: { width: number; height: number }): PixelRows {
  const stride = width * 3;
  return {
    width,
    height,
    bytes: (count) => stripBytes(width, count),
    read: async (top, count) => {
      const data = new Uint8Array(stride * count);
      await readFully(file, data, start + top * stride);
      return { data, channels: 3 };
    },
    close: () => file.close(),
  };
}

async function readFully(file: fs.FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const length = Math.min(data.length - done, 2 ** 30); // one read gives at most 2 GiB
    const { bytesRead } = await file.read(data, done, length, position + done);
    if (bytesRead === 0) throw new MimdetError('ERR_MIMDET_INTERNAL', 'Expected a whole picture for `tile` but received a shorter scratch file');
    done += bytesRead;
  }
}
