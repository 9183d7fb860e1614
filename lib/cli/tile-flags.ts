// `--tile` and what goes with it. Before it: the command line. After it: the library's `tile` option.
import type { Options } from 'yargs';
import type { DetectOptions } from '../index.js';
import { tile } from '../tiles/tile-option.js';
import { integer } from '../validate.js';
import { flags } from './flags.js';

export const tileFlags = flags.grouped('Detection:', {
  tile: { type: 'boolean', default: false, describe: 'look at each picture in overlapping tiles: for pictures of any size' },
  'tile-size': flags.value('tile-size', integer(32, 8192), "side of a tile in the picture's pixels (with --tile; default: the model's minSize)"),
  'tile-overlap': flags.value('tile-overlap', integer(0, 4096), 'pixels that neighbours share (with --tile; default: a quarter of the side)'),
} satisfies Record<string, Options>);

export interface TileArgs {
  tile: boolean;
  tileSize?: number;
  tileOverlap?: number;
}

/** Naming a size or an overlap asks for it, too. @throws ERR_MIMDET_INVALID_ARGUMENT */
export function tileOption({ tile: wanted, tileSize: size, tileOverlap: overlap }: TileArgs): DetectOptions['tile'] {
  const option = size === undefined && overlap === undefined ? wanted : { size, overlap };
  tile(option, '--tile'); // a mistake is told before a model is loaded
  return option;
}
