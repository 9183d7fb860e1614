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

/** The first pixels of the tiles along one side. A side shorter than a tile has one, which reaches beyond it. */
function starts(length: number, { size, overlap }: Sizes): Int32Array {
  const count = Math.max(1, Math.ceil((length - overlap) / (size - overlap)));
  return Int32Array.from({ length: count }, (_, i) => (i === 0 ? 0 : Math.round((i * (length - size)) / (count - 1))));
}
