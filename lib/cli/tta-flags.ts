// `--tta` and what goes with it, for detect and eval. Before it: the command line. After it: the library's `tta` option.
import type { Options } from 'yargs';
import type { DetectOptions, Flip } from '../index.js';
import { tta } from '../test-time-augmentation.js';
import { atCommas, number, oneOf, type Check } from '../validate.js';
import { flags } from './flags.js';

const scales: Check<number[]> = (given, name) => atCommas(given).map((item) => number(0.25, 4)(Number(item), name));

const flips: Check<Flip[]> = (given, name) =>
  given === 'none' ? [] : atCommas(given).map((item) => oneOf('horizontal', 'vertical')(item, name));

export const ttaFlags = flags.grouped('Detection:', {
  tta: { type: 'boolean', default: false, describe: 'look at each picture several times, resized and mirrored: slower; helps some models' },
  'tta-scales': flags.value('tta-scales', scales, 'the sizes to look at, by commas (with --tta; default 0.75,1,1.25)'),
  'tta-flips': flags.value('tta-flips', flips, 'none, horizontal, vertical or horizontal,vertical (with --tta; default horizontal)'),
} satisfies Record<string, Options>);

export interface TtaArgs {
  tta: boolean;
  ttaScales?: number[];
  ttaFlips?: Flip[];
}

/** Naming scales or flips asks for it, too. @throws ERR_MIMDET_INVALID_ARGUMENT */
export function ttaOption({ tta: wanted, ttaScales: scales, ttaFlips: flips }: TtaArgs): DetectOptions['tta'] {
  const option = scales || flips ? { scales, flips } : wanted;
  tta(option, '--tta'); // a mistake is told before a model is loaded
  return option;
}
