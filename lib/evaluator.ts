// COCO evaluation for people: takes files, objects or Detections, gives the twelve numbers. Before it: `evaluate()` in a
// user's program, `mimdet eval`. After it: native/eval, which reads COCO's JSON and counts.
import { Detections, type CocoResult } from './detections.js';
import { readFileOnce, toPath } from './location.js';
import { runNative } from './native.js';
import type { NativeEvalOptions } from './native-types.js';
import type { Check } from './validate.js';
import { abortSignal, expected, flag, integer, number, oneOf, readOptions, Words } from './validate.js';

/** A COCO ground truth: a path, a file: URL, or the object. */
export type GroundTruth = string | URL | { images: object[]; annotations: object[]; categories: object[] };

/** Detections of one picture, with the picture's id in the ground truth. */
export interface PictureDetections {
  imageId: number;
  detections: Detections;
}

/** Results: the path or file: URL of a COCO result file, its list, or Detections (classes are matched by name). */
export type Results = string | URL | readonly CocoResult[] | Iterable<PictureDetections>;

export interface EvaluateOptions {
  /** Default: both. */
  iouTypes?: readonly ('bbox' | 'segm')[];
  /** Detections a picture that count: three rising numbers, or the last of them (the others are then 1 and 10). Default 100. */
  maxDets?: number | readonly number[];
  /** 0 is as many as there are cores. Default 0. */
  threads?: number;
  /** Also give `curves` with each kind of IoU. Default false. */
  curves?: boolean;
  /** Also give `confusion`: true, or what counts as found (an IoU from 0.5, default 0.5, and a score, default 0.5). Default false. */
  confusion?: boolean | ConfusionOptions;
  signal?: AbortSignal;
}

export interface ConfusionOptions {
  /** Default: masks where they are evaluated, else boxes. */
  iouType?: 'bbox' | 'segm';
  iou?: number;
  scoreThreshold?: number;
}

/** COCO's numbers for one kind of IoU, 0 to 1; -1 where nothing is there to count. AR's keys follow `maxDets`. */
export interface IouSummary {
  AP: number;
  AP50: number;
  AP75: number;
  APs: number;
  APm: number;
  APl: number;
  ARs: number;
  ARm: number;
  ARl: number;
  /** AR1, AR10, AR100 unless `maxDets` says otherwise. */
  [recall: `AR${number}`]: number;
  /** AP of each category by its name. */
  perCategory: Record<string, number>;
  /** Where the option asks for it. */
  curves?: PrecisionCurves;
}

/**
 * Precision at each of COCO's 101 recalls, as means over the categories that have objects; -1 where none has.
 * Of all areas, at the last of `maxDets`.
 */
export interface PrecisionCurves {
  recall: number[];
  /** At IoU 0.5, at IoU 0.75, and the mean over the ten IoUs: the mean of each list is the number of the same name in the summary. */
  AP50: number[];
  AP75: number[];
  AP: number[];
  perCategory: Record<string, CategoryDetail>;
}

/** Of one category. -1 where it has no object. */
export interface CategoryDetail {
  /** Objects in the ground truth that are no crowds. */
  objects: number;
  AP50: number;
  AP75: number;
  AR: number;
  /** Where the curve at IoU 0.5 has its highest F1: the score to cut at, and what is to be expected there. */
  best: { score: number; precision: number; recall: number; f1: number };
}

/** Which category is taken for which: all categories are matched together, best score first, each object once. */
export interface Confusion {
  iouType: 'bbox' | 'segm';
  iou: number;
  scoreThreshold: number;
  /** Names by rising category id. Index `classes.length` below is the background. */
  classes: string[];
  /** `[truth, found, how often]`; what is not named is 0. */
  counts: [truth: number, found: number, count: number][];
  pictures: PictureVerdict[];
}

export interface PictureVerdict {
  imageId: number;
  /** Panoptic quality: sum of the hits' IoUs / (hits + half of the missed and extra ones). -1 where there is nothing to count. */
  quality: number;
  hits: number;
  /** Ids of annotations that were not found, or taken for another category. */
  missed: number[];
  /** Places among the results of the picture, in their order, of those that found nothing, or another category. */
  extra: number[];
}

export interface EvaluationSummary {
  bbox?: IouSummary;
  segm?: IouSummary;
  /** Where the option asks for it. */
  confusion?: Confusion;
}

const maxDets: Check<[number, number, number]> = (value, name) => {
  const one = integer(1, 2 ** 31 - 1);
  if (!Array.isArray(value)) {
    const last = one(value, name);
    return [Math.min(1, last), Math.min(10, last), last];
  }
  if (value.length !== 3) throw expected('three numbers', name, value);
  const three = value.map((item, i) => one(item, `${name}[${i}]`)) as [number, number, number];
  if (three[0] > three[1] || three[1] > three[2]) throw expected('three rising numbers', name, new Words(three.join(', ')));
  return three;
};

const iouTypes: Check<('bbox' | 'segm')[]> = (value, name) => {
  if (!Array.isArray(value) || value.length === 0) throw expected("a list of 'bbox' and 'segm'", name, value);
  return [...new Set(value.map((item, i) => oneOf('bbox', 'segm')(item, `${name}[${i}]`)))];
};

const confusionOptions = { iouType: oneOf('bbox', 'segm'), iou: number(0.5, 1), scoreThreshold: number(0, 1) };

const confusion: Check<ConfusionOptions | null> = (value, name) => {
  if (typeof value === 'boolean') return value ? {} : null;
  if (typeof value !== 'object' || value === null) throw expected('true, false or an object', name, value);
  return readOptions(confusionOptions, value, name);
};

const evaluateOptions = { iouTypes, maxDets, threads: integer(0, 1024), curves: flag, confusion, signal: abortSignal };

/**
 * Compares detections with a ground truth as pycocotools does, bit for bit.
 * @throws ERR_MIMDET_DATASET for documents that are not COCO's, and for results of unknown pictures
 */
export async function evaluate(
  groundTruth: GroundTruth,
  detections: Results,
  options?: EvaluateOptions,
): Promise<EvaluationSummary> {
  const given = readOptions(evaluateOptions, options);
  const signal = given.signal;
  signal?.throwIfAborted();
  const truth = await toDocument(groundTruth, 'groundTruth', signal);
  const results = await toResults(detections, truth, signal);
  const types = given.iouTypes ?? ['bbox', 'segm'];
  const byDefault = { iouType: types.includes('segm') ? 'segm' : 'bbox', iou: 0.5, scoreThreshold: 0.5 } as const;
  const native: NativeEvalOptions = {
    iouTypes: types,
    maxDets: given.maxDets ?? [1, 10, 100],
    threads: given.threads ?? 0,
    curves: given.curves ?? false,
    confusion: given.confusion ? { ...byDefault, ...given.confusion } : null,
  };
  const summary = await runNative((job, addon) => addon.evaluate(truth, results, native, job), signal);
  return JSON.parse(summary) as EvaluationSummary;
}

/** COCO's JSON as bytes; the native code reads and checks it. */
async function toDocument(document: unknown, name: string, signal?: AbortSignal): Promise<Uint8Array> {
  if (typeof document === 'string' || document instanceof URL) {
    return readFileOnce(toPath(document, name), { name, code: 'ERR_MIMDET_DATASET', signal });
  }
  if (typeof document !== 'object' || document === null) throw expected('a path, a file: URL or an object', name, document);
  return toJsonBytes(document, name);
}

/** Throws ERR_MIMDET_INVALID_ARGUMENT for what no JSON holds: circles, bigints. */
function toJsonBytes(document: object, name: string): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(document));
  } catch (error) {
    const why = new Words((error as Error).message.split('\n')[0]!);
    throw expected('an object that can be written as JSON', name, why, 'ERR_MIMDET_INVALID_ARGUMENT', error);
  }
}

async function toResults(detections: Results, truth: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
  if (typeof detections === 'string' || detections instanceof URL) return toDocument(detections, 'detections', signal);
  if (typeof (detections as Iterable<unknown>)?.[Symbol.iterator] !== 'function') {
    throw expected('a path, a file: URL, a COCO result list or a list of { imageId, detections }', 'detections', detections);
  }
  const entries = [...(detections as Iterable<CocoResult | PictureDetections>)];
  const isFound = (entry: unknown): entry is PictureDetections =>
    (entry as PictureDetections)?.detections instanceof Detections;
  if (!entries.some(isFound)) return toDocument(entries, 'detections', signal);
  const ids = categoryIds(truth);
  const results = entries.flatMap((entry, i) => {
    if (!isFound(entry)) throw expected('{ imageId, detections }', `detections[${i}]`, entry);
    // A class that the ground truth does not have cannot match anything there.
    return entry.detections.filter(({ className }) => className in ids).toCoco(entry.imageId, ids);
  });
  return toDocument(results, 'detections', signal);
}

/** The ids of the ground truth's categories by name. */
function categoryIds(truth: Uint8Array): Record<string, number> {
  try {
    const { categories } = JSON.parse(Buffer.from(truth).toString()) as { categories: { id: number; name: string }[] };
    return Object.fromEntries(categories.map(({ id, name }) => [name, id]));
  } catch (error) {
    throw expected(
      'a COCO ground truth with categories',
      'groundTruth',
      new Words('another document'),
      'ERR_MIMDET_DATASET',
      error,
    );
  }
}
