// All pictures of a COCO data set through a model, as COCO results: what `eval` compares with the truth.
// Before it: eval. After it: `evaluate()`. Threshold and number of detections are the configuration's, as in the reference.
import { Detector, type CocoResult } from '../index.js';
import type { CocoFile } from '../data/coco-file.js';
import { categoryIdsOf } from './coco-ids.js';
import { findPictures, pictureAt } from '../data/coco-pictures.js';
import { failureOf } from './exit.js';
import { loadOptions, weightsOf, type ModelArgs } from './flags.js';
import { Progress } from './progress.js';

export interface PredictArgs extends ModelArgs {
  images?: string;
  masks: boolean;
  sampleRatio?: number;
  seed?: number | bigint;
  concurrency?: number;
  quiet: boolean;
}

async function collect(detector: Detector, data: CocoFile, path: string, args: PredictArgs, signal: AbortSignal) {
  const folder = await findPictures(path, data.images, args.images);
  const files = data.images.map((image) => pictureAt(folder, image, path));
  const categories = categoryIdsOf(data, detector.info.classes, path);
  const { masks, sampleRatio, seed, concurrency } = args;
  const settings = { masks, sampleRatio, seed, concurrency, scoreThreshold: detector.info.config.roi.scoreThreshold, signal };
  const progress = new Progress(files.length, args);
  const entries: CocoResult[] = [];
  let failed = 0;
  for await (const { index, detections, error } of detector.detectMany(files, settings)) {
    if (detections) for (const entry of detections.toCoco(data.images[index]!.id, categories)) entries.push(entry);
    else {
      failed++;
      progress.clear();
      process.stderr.write(`${failureOf(files[index]!, error)}\n`);
    }
    progress.step();
  }
  progress.clear();
  return { entries, failed };
}

/** A picture that cannot be read is said and counted; it has no detections then. */
export async function predict(
  data: CocoFile,
  path: string,
  args: PredictArgs,
  signal: AbortSignal,
): Promise<{ entries: CocoResult[]; failed: number }> {
  const detector = await Detector.load(weightsOf(args), loadOptions(args, signal));
  try {
    return await collect(detector, data, path, args, signal);
  } finally {
    await detector.close();
  }
}
