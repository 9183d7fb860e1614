// Detection in all tiles of a picture, and its objects out of theirs: one strip of rows in memory, some tiles ahead of the model.
// Before it: open-picture. After it: the merge in the addon (native/inference/tile_merge), detections.ts.
import { linkSignals } from '../abort.js';
import { Admission } from '../admission.js';
import type { DecodedImage } from '../image.js';
import { runNative } from '../native.js';
import { unpack } from '../packed-detections.js';
import type { NativeDetections, NativeTile, NativeTileGrid } from '../native-types.js';
import { addTiming, noTiming } from '../timing.js';
import { cutTile, type Colour } from './cut-tile.js';
import type { PixelRows } from './pixel-rows.js';
import { tileGrid } from './tile-grid.js';

/** Decoded tiles that may wait: as many bytes as a large photograph takes. */
const mostBytesAhead = 256 * 2 ** 20;

export const tileBytes = (size: number) => size * size * 3;

/** At most `most`, fewer where tiles are large. */
export function tilesAhead(size: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(mostBytesAhead / tileBytes(size))));
}

export interface TileWork {
  rows: PixelRows;
  sizes: { size: number; overlap: number };
  /** What stands where a tile reaches beyond the picture. */
  beside: Colour;
  /** Tiles that wait for the model or are at work. */
  ahead: number;
  detect: (tile: DecodedImage, signal: AbortSignal) => Promise<NativeDetections>;
  masks: boolean;
  /** Of the whole picture; 0: all. */
  maxDetections: number;
  /** The model's, of the box head. */
  nmsThreshold: number;
}

/** The whole picture's objects; times are summed up. The first tile that fails ends the others, and the call. */
export async function detectInTiles(work: TileWork, signal: AbortSignal): Promise<NativeDetections> {
  const grid = tileGrid(work.rows, work.sizes);
  const seen = await detectEach(work, grid, signal);
  const { masks, maxDetections, nmsThreshold } = work;
  const tiles = seen.filter(({ found }) => found.scores.length > 0);
  const options = { masks, maxDetections, nmsThreshold };
  const merged = unpack(await runNative((job, addon) => addon.mergeTiles(grid, tiles, options, job), signal));
  const timing = noTiming();
  for (const { found } of seen) addTiming(timing, found.timing);
  return { ...merged, timing };
}

type SeenTile = NativeTile & { found: NativeDetections };

async function detectEach(work: TileWork, grid: NativeTileGrid, outer: AbortSignal): Promise<SeenTile[]> {
  const failed = new AbortController();
  const { signal, unlink } = linkSignals(outer, failed.signal);
  const room = new Admission(work.ahead);
  const seen: SeenTile[] = [];
  try {
    for await (const { tile, image } of cutAll(work, grid)) {
      const loan = await room.enter(1, signal);
      void work
        .detect(image, signal)
        .then((found) => seen.push({ tile, found }))
        .catch((error: unknown) => failed.abort(error))
        .finally(() => loan.end());
    }
    for (let place = 0; place < work.ahead; place++) await room.enter(1, signal); // until nobody else is in
    return seen;
  } finally {
    unlink();
  }
}

async function* cutAll({ rows, beside }: TileWork, { size, lefts, tops }: NativeTileGrid): AsyncGenerator<{ tile: number; image: DecodedImage }> {
  let tile = 0;
  for (const top of tops) {
    const strip = await rows.read(top, Math.min(size, rows.height - top));
    for (const left of lefts) yield { tile: tile++, image: cutTile(strip, rows.width, left, size, beside) };
  }
}
