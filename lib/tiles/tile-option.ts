// The `tile` option: squares of what size, sharing how much with their neighbours. Before it: detector-options.ts. After it: tile-grid.
import { expected, integer, readOptions, type Check } from '../validate.js';

export interface TileOptions {
  /** The side of a tile, in pixels of the picture. Default: the model's `minSize`, at which nothing is resized. */
  size?: number;
  /** Pixels that neighbouring tiles share: best as large as most objects are. At most half of `size`. Default: a quarter of it. */
  overlap?: number;
}

const least = 32;
const most = 8192;

/** `true`, `false`, or sizes. Reads undefined where there is no tiling. */
export const tile: Check<TileOptions | undefined> = (value, name) => {
  if (typeof value === 'boolean') return value ? {} : undefined;
  if (typeof value !== 'object' || value === null) throw expected('true, false or { size, overlap }', name, value);
  const given = readOptions({ size: integer(least, most), overlap: integer(0, most / 2) }, value, name);
  if (given.size !== undefined && given.overlap !== undefined) integer(0, given.size / 2)(given.overlap, `${name}.overlap`);
  return given;
};

/** Both numbers, for a model that resizes pictures to `minSize`. Throws ERR_MIMDET_INVALID_ARGUMENT where they do not fit together. */
export function tileSizes({ size, overlap }: TileOptions, minSize: number): { size: number; overlap: number } {
  const side = size ?? Math.min(Math.max(minSize, least), most);
  const shared = overlap ?? Math.floor(side / 4);
  return { size: side, overlap: integer(0, Math.floor(side / 2))(shared, 'tile.overlap') };
}
