// How many tiles a call asks for: with small ones a picture would be a quarter of a million passes, and the door counts it as one.
// Before it: call-options. After it: the door.
import { countTiles } from '../tiles/tile-grid.js';
import { tileSizes, type TileOptions } from '../tiles/tile-option.js';
import { expected, Words } from '../validate.js';
import { checkPixels } from './pixel-limit.js';
import type { SentPicture } from './request-pictures.js';
import type { ServeSettings } from './settings.js';

/**
 * Passes of the model that the pictures take: their tiles, or one each. Rejects with ERR_MIMDET_INVALID_ARGUMENT for more tiles than allowed.
 * @param minSize of the model, which a tile's size follows where none is asked for
 */
export async function countPasses(
  pictures: readonly SentPicture[],
  tile: TileOptions | undefined,
  minSize: number,
  { maxPixels, maxTiles }: ServeSettings,
): Promise<number> {
  if (!tile) return pictures.length;
  const sizes = tileSizes(tile, minSize);
  const ofOne = async ({ bytes }: SentPicture) => countTiles(await checkPixels(bytes, maxPixels), sizes);
  const counts = await Promise.all(pictures.map((picture) => ofOne(picture).catch(() => 1))); // its fault is told as its result
  const tiles = counts.reduce((sum, count) => sum + count, 0);
  if (tiles > maxTiles) throw expected(`at most ${maxTiles} tiles`, 'tile', new Words(String(tiles)));
  return tiles;
}
