// All pictures of a data set through a model, as COCO results: what `eval` compares with the truth.
// Before it: eval. After it: `evaluate()`. Threshold and number of detections are the configuration's, as in the reference.
import { Detector, type CocoResult } from '../index.js';
import { failureOf } from './exit.js';
import { loadOptions, weightsOf, type ModelArgs } from './flags.js';
import { Progress } from './progress.js';
import { ttaOption, type TtaArgs } from './tta-flags.js';

/** What to look at, and how the answers are numbered. */
export interface Questions {
  pictures: { id: number; file: string }[];
  /** Category ids in the order of a model's classes. @throws ERR_MIMDET_DATASET where they do not fit together */
  categoryIds: (classes: readonly string[]) => number[];
}

export interface Predictions {
  entries: CocoResult[];
  /** Pictures that could not be looked at. */
  failed: number;
  /** Whether the model finds masks. */
  masks: boolean;
}

export interface PredictArgs extends ModelArgs, TtaArgs {
  masks: boolean;
  sampleRatio?: number;
  seed?: number | bigint;
  concurrency?: number;
  quiet: boolean;
}

async function collect(
  detector: Detector,
  { pictures, categoryIds }: Questions,
  args: PredictArgs,
  signal: AbortSignal,
): Promise<Predictions> {
  const files = pictures.map(({ file }) => file);
  const categories = categoryIds(detector.info.classes);
  const { masks, sampleRatio, seed, concurrency } = args;
  const { scoreThreshold } = detector.info.config.roi;
  const settings = { masks, sampleRatio, seed, tta: ttaOption(args), concurrency, scoreThreshold, signal };
  const progress = new Progress(files.length, args);
  const entries: CocoResult[] = [];
  let failed = 0;
  for await (const { index, detections, error } of detector.detectMany(files, settings)) {
    if (detections) for (const entry of detections.toCoco(pictures[index]!.id, categories)) entries.push(entry);
    else {
      failed++;
      progress.clear();
      process.stderr.write(`${failureOf(files[index]!, error)}\n`);
    }
    progress.step();
  }
  progress.clear();
  return { entries, failed, masks: detector.info.masks };
}

/** A picture that cannot be read is said and counted; it has no detections then. */
export async function predict(questions: Questions, args: PredictArgs, signal: AbortSignal): Promise<Predictions> {
  const detector = await Detector.load(weightsOf(args), loadOptions(args, signal));
  try {
    return await collect(detector, questions, args, signal);
  } finally {
    await detector.close();
  }
}
