// Options that several commands share: the model and where it runs, and what `detect()` takes. Each flag is checked as it is
// read.
// Before it: the command line. After it: the library's own option objects.
import type { Options } from 'yargs';
import type { DetectOptions, LoadOptions } from '../index.js';
import { atCommas, integer, number, type Check } from '../validate.js';
import { wrongUsage } from './exit.js';

/** A flag with one value that `check` reads; yargs has turned what looks like a number into one. */
function value<T>(name: string, check: Check<T>, describe: string, rest: Options = {}): Options {
  const coerce = (given: unknown) => {
    if (Array.isArray(given)) throw wrongUsage(`Expected one value for \`--${name}\` but received ${given.length}`);
    return given === undefined ? undefined : check(given, `--${name}`);
  };
  return { nargs: 1, describe, coerce, ...rest };
}

const text = (describe: string, rest: Options = {}): Options => ({ type: 'string', nargs: 1, describe, ...rest });

/** A seed is any 64-bit number; beyond 2^53 it has to stay text until it is a bigint. */
const seed: Check<number | bigint> = (given, name) => {
  if (typeof given === 'number') return integer(0)(given, name);
  if (typeof given === 'string' && /^\d{1,20}$/.test(given) && BigInt(given) < 2n ** 64n) return BigInt(given);
  throw wrongUsage(`Expected a whole number below 2^64 for \`${name}\` but received ${String(given)}`);
};

/** The same options under a heading of the help page. */
function grouped<T extends Record<string, Options>>(group: string, options: T): T {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, { ...option, group }])) as T;
}

export const flags = { value, text, grouped };

export const quiet: Options = { type: 'boolean', default: false, alias: 'q', describe: 'no progress bar and no summary' };

export const modelFlags = grouped('Model:', {
  weights: text('a bundled name (nuclei) or a .safetensors file', { alias: 'w' }),
  device: text('auto, cpu, cuda, cuda:N, or several with commas: a copy on each'),
  precision: {
    choices: ['auto', 'float32', 'bfloat16', 'float16', 'int8'],
    nargs: 1,
    describe: 'auto: float32 on the CPU, bfloat16 on a GPU; int8: of linear layers, on the CPU',
  },
  threads: value('threads', integer(1, 1024), 'threads of the model (default: one a core)'),
  'min-size': value('min-size', integer(1), "shortest edge that pictures are resized to (default: the model's)"),
  'max-size': value('max-size', integer(1), "longest edge (default: the model's)"),
  'max-batch-size': value('max-batch-size', integer(1), 'pictures of one padded shape that are computed together'),
} satisfies Record<string, Options>);

export interface ModelArgs {
  weights?: string;
  device?: LoadOptions['device'];
  precision?: LoadOptions['precision'];
  threads?: number;
  minSize?: number;
  maxSize?: number;
  maxBatchSize?: number;
}

/** @throws ERR_MIMDET_INVALID_ARGUMENT where --weights is missing (not every command needs it) */
export function weightsOf(args: ModelArgs): string {
  if (!args.weights) throw wrongUsage('Expected a name or a file for `--weights` but received nothing');
  return args.weights;
}

export function loadOptions(args: ModelArgs, signal: AbortSignal): LoadOptions {
  const { device, precision, threads, minSize, maxSize, maxBatchSize } = args;
  return { device, precision, threads, minSize, maxSize, maxBatchSize, signal };
}

export const samplingFlags = grouped('Detection:', {
  'sample-ratio': value('sample-ratio', number(0, 1, { above: true }), 'share of the patches that the encoder sees (default 1)'),
  seed: value('seed', seed, 'seed of the patch sampling (default 0)'),
} satisfies Record<string, Options>);

export const detectFlags = grouped('Detection:', {
  'score-threshold': value('score-threshold', number(0, 1), 'least score of an instance (default 0.25)'),
  'max-dets': value('max-dets', integer(1), "most instances of a picture (default: the model's)", { alias: 'max-detections' }),
  classes: text('names of the classes to look for, separated by commas or by giving the option again', {
    array: true,
    type: 'string',
  }),
  masks: { type: 'boolean', default: true, describe: 'compute masks; --no-masks is quicker' },
  ...samplingFlags,
  priority: value('priority', integer(-1000, 1000), 'pictures of higher priority go first: -1000 to 1000 (default 0)'),
  'budget-ms': value(
    'budget-ms',
    number(0, 2 ** 31 - 1, { above: true }),
    'take the largest sample ratio that is predicted to be done so many milliseconds after the start',
  ),
  'deadline-ms': value(
    'deadline-ms',
    number(0, 2 ** 31 - 1, { above: true }),
    'give a picture up that has no result so many milliseconds after the start',
  ),
} satisfies Record<string, Options>);

export interface DetectArgs {
  scoreThreshold?: number;
  maxDets?: number;
  classes?: string[];
  masks: boolean;
  sampleRatio?: number;
  seed?: number | bigint;
  priority?: number;
  budgetMs?: number;
  deadlineMs?: number;
}

export function detectOptions(args: DetectArgs, signal: AbortSignal): DetectOptions {
  const { scoreThreshold, maxDets: maxDetections, masks, sampleRatio, seed, priority, budgetMs, deadlineMs } = args;
  const classes = args.classes?.flatMap(atCommas).filter(Boolean);
  return { scoreThreshold, maxDetections, classes, masks, sampleRatio, seed, priority, budgetMs, deadlineMs, signal };
}
