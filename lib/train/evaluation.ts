// AP of the weights as they are, on the pictures set aside: a detector of its own reads them from the disk, as a user's would.
// Before it: run.ts (which wrote the weights). After it: metrics, best weights, report.
import { Detector } from '../detector.js';
import { iouTypesFor, toCoco } from '../data/to-coco.js';
import type { Dataset } from '../data/dataset.js';
import type { Detections } from '../detections.js';
import { evaluate, type EvaluationSummary } from '../evaluator.js';
import { MimdetError } from '../errors.js';
import { evaluationConcurrency } from './resolve.js';

export interface EvaluationOptions {
  maxDets: number;
  threads: number;
  device: string;
  signal: AbortSignal | undefined;
  /** Told after each picture. */
  onPicture?: (done: number, total: number) => void;
}

export interface Evaluated {
  summary: EvaluationSummary;
  /** By picture, in the order of the data set. */
  detections: Detections[];
  /** Whether the model finds masks. */
  masks: boolean;
  seconds: number;
}

/** @param weights a file for `Detector.load` */
export async function evaluateWeights(weights: string, val: Dataset, options: EvaluationOptions): Promise<Evaluated> {
  const start = performance.now();
  const { maxDets, threads, device, signal } = options;
  const detector = await Detector.load(weights, { threads, device: device as 'auto', signal });
  try {
    const detections = await detectAll(detector, val, options);
    const results = detections.map((found, i) => ({ imageId: val.pictures[i]!.id, detections: found }));
    const { masks } = detector.info;
    const summary = await evaluate(toCoco(val), results, { iouTypes: iouTypesFor(val, masks), maxDets, threads, signal });
    return { summary, detections, masks, seconds: (performance.now() - start) / 1000 };
  } finally {
    await detector.close();
  }
}

async function detectAll(detector: Detector, val: Dataset, options: EvaluationOptions): Promise<Detections[]> {
  const found: Detections[] = [];
  const files = val.pictures.map(({ file }) => file);
  const settings = {
    scoreThreshold: detector.info.config.roi.scoreThreshold,
    masks: val.masks === 'all',
    concurrency: evaluationConcurrency,
    signal: options.signal,
  };
  for await (const { input, detections, error } of detector.detectMany(files, settings)) {
    if (error) throw new MimdetError('ERR_MIMDET_DATASET', `${input}: ${error.message}`, { cause: error });
    found.push(detections);
    options.onPicture?.(found.length, files.length);
  }
  return found;
}

/**
 * The number that weights are judged by: mask AP where data and model have masks, else box AP; below 0 where there is nothing to find.
 */
export function judged(summary: EvaluationSummary): { ap: number; of: 'segm' | 'bbox' } {
  const of = summary.segm ? 'segm' : 'bbox';
  return { ap: summary[of]?.AP ?? -1, of };
}
