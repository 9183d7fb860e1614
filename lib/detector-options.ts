// Every option of `Detector.load`, `detect` and `detectMany`: types for users, checks, defaults, and the addon's form of them.
// Before it: detector.ts. After it: the addon.
import type { ModelInfo } from './model-info.js';
import type { NativeDetectOptions, NativeLoadOptions } from './native-types.js';
import { tta, type TestTimeAugmentation } from './test-time-augmentation.js';
import { tile, type TileOptions } from './tiles/tile-option.js';
import type { Check } from './validate.js';
import { warmUp, type PictureSize } from './warm-up.js';
import { abortSignal, expected, flag, integer, number, oneOf, readOptions, unknownName, Words } from './validate.js';

export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;
export type Precision = 'auto' | 'float32' | 'bfloat16' | 'float16' | 'int8';

export interface LoadOptions {
  /**
   * 'auto' is a GPU where there is one. A list, or its text ('cuda:0,cuda:1'), puts a copy of the model on each device: a picture goes to the
   * copy that has the fewest under way. Default: MIMDET_DEVICE, else 'auto'.
   */
  device?: Device | `${Device},${string}` | readonly Device[];
  /**
   * 'auto' is float32 on the CPU, bfloat16 on a GPU. 'int8' is float32 with the weights of linear layers in eight bits, on the CPU. A processor without
   * instructions for a precision refuses it (ERR_MIMDET_DEVICE).
   */
  precision?: Precision;
  /** Threads of the CPU; 0 is as many as there are cores. Default: MIMDET_THREADS, else 0. */
  threads?: number;
  /** Pictures of one padded shape that may go through the model together. Default 8. */
  maxBatchSize?: number;
  /** How long a picture may wait for company, in milliseconds. Default 0: only what waits anyway is taken together. */
  maxQueueDelayMs?: number;
  /** Calls that may wait beside the `maxBatchSize` that may be at work; one more rejects with ERR_MIMDET_QUEUE_FULL. Default 1024. */
  maxQueueSize?: number;
  /** Pictures are resized to this shortest edge. Default: the model's. */
  minSize?: number;
  /** … unless the longest would be more than this. Default: the model's. */
  maxSize?: number;
  /** Pictures of these sizes are looked at before `load` resolves, so that no caller is the first; true: one of the model's size. */
  warmUp?: boolean | PictureSize[];
  /** Ends the loading. */
  signal?: AbortSignal;
}

export interface DetectOptions {
  /** Instances with a higher score are returned. Default 0.25. */
  scoreThreshold?: number;
  /** At most so many, the best. Default: the model's. */
  maxDetections?: number;
  /** Names of the classes to look for. Default: all. */
  classes?: readonly string[];
  /** Default true. */
  masks?: boolean;
  /** Share of the picture's patches that the encoder sees, above 0, at most 1: less is faster and worse. Default 1. */
  sampleRatio?: number;
  /** Which patches a `sampleRatio` below 1 takes: the same seed, the same patches. Default 0. */
  seed?: number | bigint;
  /** From -1000 to 1000. Calls of a higher one go first; when sixteen batches in a row did, the call whose turn it is leads the next. Default 0. */
  priority?: number;
  /**
   * On whose behalf, at most 256 characters: callers that wait share the model evenly, pixel by pixel, so one with a thousand pictures
   * holds nobody up. Calls without a name are one caller together. Default ''.
   */
  caller?: string;
  /**
   * Rejects with ERR_MIMDET_DEADLINE where there is no result so many milliseconds after the call; the work then stops. It is not begun
   * where the passes that have ended say that it would be too late.
   */
  deadlineMs?: number;
  /** Ends the call, wherever it is: it rejects with `signal.reason`. */
  signal?: AbortSignal;
  /**
   * Takes the largest sample ratio, at most `sampleRatio` and in sixteenths down to a quarter, with which the result is predicted so
   * many milliseconds after the call; decoding and waiting are counted. Where even a quarter takes longer it is a quarter.
   */
  budgetMs?: number;
  /**
   * Looks at the picture in overlapping squares, each like a picture of its own, and brings together what was found: for pictures larger
   * than the model takes at once, up to 2^32 - 1 pixels. `maxDetections` is then the whole picture's (default: all). Default false.
   */
  tile?: boolean | TileOptions;
  /** Looks at the picture several times, resized and mirrored, and brings together what was found: slower; helps some models. Default false. */
  tta?: boolean | TestTimeAugmentation;
}

export interface DetectManyOptions extends DetectOptions {
  /** Pictures under way at once, and results kept for a slow reader. Default 4. */
  concurrency?: number;
}

const maxInt32 = 2 ** 31 - 1;

const device: Check<Device> = (value, name) => {
  if (typeof value === 'string' && /^(auto|cpu|cuda(:\d{1,3})?)$/.test(value)) return value as Device;
  throw expected("'auto', 'cpu', 'cuda' or 'cuda:N'", name, value);
};

const mostDevices = 64;

const devices: Check<readonly Device[]> = (value, name) => {
  const list: unknown = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(list) || list.length < 1 || list.length > mostDevices)
    throw expected(`'auto', 'cpu', 'cuda', 'cuda:N' or a list of 1 to ${mostDevices} of them`, name, value);
  return list.map((each) => device(each, name));
};

const seed: Check<bigint> = (value, name) => {
  const fits = typeof value === 'bigint' || Number.isSafeInteger(value);
  const bits = fits ? BigInt(value as number | bigint) : -1n;
  if (bits < 0n || bits >= 1n << 64n) throw expected('an integer from 0 to 2^64 - 1', name, value);
  return bits;
};

const caller: Check<string> = (value, name) => {
  if (typeof value === 'string' && value.length <= 256) return value;
  throw expected('a text of at most 256 characters', name, value);
};

const names: Check<readonly string[]> = (value, name) => {
  const fits = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
  if (!fits) throw expected('a list of class names', name, value);
  return value as string[];
};

const loadTable = {
  device: devices,
  precision: oneOf('auto', 'float32', 'bfloat16', 'float16', 'int8'),
  threads: integer(0, 1024),
  maxBatchSize: integer(1, 1024),
  maxQueueDelayMs: number(0, 60_000),
  maxQueueSize: integer(1, 1_000_000),
  minSize: integer(1, 65_535),
  maxSize: integer(1, 65_535),
  warmUp,
  signal: abortSignal,
};

const detectTable = {
  scoreThreshold: number(0, 1),
  maxDetections: integer(1, maxInt32),
  classes: names,
  masks: flag,
  sampleRatio: number(0, 1, { above: true }),
  seed,
  priority: integer(-1000, 1000),
  caller,
  deadlineMs: number(0, maxInt32, { above: true }),
  signal: abortSignal,
  budgetMs: number(0, maxInt32, { above: true }),
  tile,
  tta,
};

const detectManyTable = { ...detectTable, concurrency: integer(1, 1024) };

/** Throws ERR_MIMDET_INVALID_ARGUMENT. */
export function readLoadOptions(options: unknown): {
  native: Omit<NativeLoadOptions, 'device'>;
  devices: readonly Device[];
  warmUp: boolean | PictureSize[];
  signal: AbortSignal | undefined;
} {
  const { signal, warmUp = false, ...given } = readOptions(loadTable, options);
  const native = {
    precision: given.precision ?? 'auto',
    threads: given.threads ?? threadsOfEnvironment(),
    maxBatchSize: given.maxBatchSize ?? 8,
    maxQueueDelayMs: given.maxQueueDelayMs ?? 0,
    maxQueueSize: given.maxQueueSize ?? 1024,
    minSize: given.minSize ?? 0,
    maxSize: given.maxSize ?? 0,
  };
  return { native, devices: given.device ?? fromEnvironment('MIMDET_DEVICE', devices) ?? ['auto'], warmUp, signal };
}

/** MIMDET_DEVICE, else 'auto'. */
export const deviceOfEnvironment = (): Device => fromEnvironment('MIMDET_DEVICE', device) ?? 'auto';

/** MIMDET_THREADS, else 0. */
export const threadsOfEnvironment = (): number =>
  fromEnvironment('MIMDET_THREADS', (value, name) => loadTable.threads(Number(value), name)) ?? 0;

function fromEnvironment<T>(name: string, check: Check<T>): T | undefined {
  const value = process.env[name];
  return value ? check(value, name) : undefined;
}

/** A call's options as the addon takes them; the deadline is the caller's to count down. */
export interface DetectCall {
  native: NativeDetectOptions;
  tile: TileOptions | undefined;
  deadlineMs: number | undefined;
  signal: AbortSignal | undefined;
}

/** What a call's options are read for. */
type CalledModel = Pick<ModelInfo, 'classes' | 'masks'>;

export function readDetectOptions(options: unknown, model: CalledModel): DetectCall {
  return toCall(readOptions(detectTable, options), model);
}

export function readDetectManyOptions(options: unknown, model: CalledModel): { call: DetectCall; concurrency: number } {
  const { concurrency = 4, ...given } = readOptions(detectManyTable, options);
  return { call: toCall(given, model), concurrency };
}

function toCall(given: ReturnType<typeof readOptions<typeof detectTable>>, { classes, masks }: CalledModel): DetectCall {
  if (given.tile && given.budgetMs !== undefined) throw expected('nothing beside `tile`', 'budgetMs', given.budgetMs);
  const native = {
    scoreThreshold: given.scoreThreshold ?? 0.25,
    maxDetections: given.maxDetections ?? 0,
    classIds: Int32Array.from(given.classes ?? [], (name, i) => classId(name, classes, `classes[${i}]`)),
    masks: masks && (given.masks ?? true),
    sampleRatio: given.sampleRatio ?? 1,
    seed: given.seed ?? 0n,
    views: given.tta ?? [],
    priority: given.priority ?? 0,
    caller: given.caller ?? '',
    deadlineMs: 0,
    budgetMs: given.budgetMs ?? 0,
    spentMs: 0,
  };
  return { native, tile: given.tile, deadlineMs: given.deadlineMs, signal: given.signal };
}

function classId(name: string, classes: readonly string[], where: string): number {
  const id = classes.indexOf(name);
  if (id < 0)
    throw classes.length === 0
      ? expected('a class of the model', where, new Words(name))
      : unknownName(classes, where, name);
  return id;
}
