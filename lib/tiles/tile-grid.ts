// Where the tiles of a picture lie: as few as cover it with the overlap that was asked for, evenly spread.
// Before it: tile-option. After it: detect-in-tiles, and the merge in the addon.
import type { NativeTileGrid } from '../native-types.js';

interface Sizes {
  size: number;
  overlap: number;
}

export function tileGrid({ width, height }: { width: number; height: number }, sizes: Sizes): NativeTileGrid {
  return { width, height, size: sizes.size, lefts: starts(width, sizes), tops: starts(height, sizes) };
}

/** How many tiles a picture has. */
export function countTiles({ width, height }: { width: number; height: number }, sizes: Sizes): number {
  return countAlong(width, sizes) * countAlong(height, sizes);
}

function countAlong(length: number, { size, overlap }: Sizes): number {
  return Math.max(1, Math.ceil((length - overlap) / (size - overlap)));
}

/** The first pixels of the tiles along one side. A side shorter than a tile has one, which reaches beyond it. */
function starts(length: number, sizes: Sizes): Int32Array {
  const count = countAlong(length, sizes);
  return Int32Array.from({ length: count }, (_, i) => (i === 0 ? 0 : Math.round((i * (length - sizes.size)) / (count - 1))));
}
