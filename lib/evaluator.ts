// COCO evaluation for people: takes files, objects or Detections, gives the twelve numbers. Before it: `evaluate()` in a
// user's program, `mimdet eval`. After it: native/eval, which reads COCO's JSON and counts.
import { Detections, type CocoResult } from './detections.js';
import { readFileOnce, toPath } from './location.js';
import { runNative } from './native.js';
import type { Check } from './validate.js';
import { abortSignal, expected, integer, oneOf, readOptions, Words } from './validate.js';

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
  signal?: AbortSignal;
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
}

export interface EvaluationSummary {
  bbox?: IouSummary;
  segm?: IouSummary;
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

const evaluateOptions = { iouTypes, maxDets, threads: integer(0, 1024), signal: abortSignal };

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
  const native = {
    iouTypes: given.iouTypes ?? ['bbox', 'segm'],
    maxDets: given.maxDets ?? [1, 10, 100],
    threads: given.threads ?? 0,
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
  return Buffer.from(JSON.stringify(document));
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
