// Pictures of named sizes, looked at before the first caller comes: threads are started, and what depends on a shape alone is made.
// Before it: `Detector.load({ warmUp })`. After it: the usual way of a picture.
import type { RawImage } from './image.js';
import { expected, integer, readOptions, type Check } from './validate.js';

/** Of a picture, in pixels. */
export interface PictureSize {
  width: number;
  height: number;
}

const side = integer(1, 16_384);
const sizeTable = { width: side, height: side };
const mostSizes = 64;

const size = (value: unknown, name: string): PictureSize => {
  const { width, height } = readOptions(sizeTable, value, name);
  if (width === undefined || height === undefined) throw expected('{ width, height }', name, value);
  return { width, height };
};

/** `true` is one square picture of the model's own size. */
export const warmUp: Check<boolean | PictureSize[]> = (value, name) => {
  if (typeof value === 'boolean') return value;
  if (!Array.isArray(value) || value.length > mostSizes) {
    throw expected(`true or a list of at most ${mostSizes} sizes { width, height }`, name, value);
  }
  return value.map((each, i) => size(each, `${name}[${i}]`));
};

export function sizesToWarm(wish: boolean | PictureSize[], minSize: number): PictureSize[] {
  if (typeof wish !== 'boolean') return wish;
  return wish ? [{ width: minSize, height: minSize }] : [];
}

/** Grey: what is found on it, if anything, is nobody's matter. */
export function greyPicture({ width, height }: PictureSize): RawImage {
  return { data: new Uint8Array(width * height).fill(128), width, height, channels: 1 };
}
