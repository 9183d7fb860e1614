// `mimdet draw --augmented`: pictures as a training run would see them, the first ones of the run in its order, with the objects
// that are left on them.
// Stations: train-config → open-dataset → Batches (decoded, augmented) → Drawing. Before it: draw. After it: people's eyes.
import { checkReport } from '../data/check-report.js';
import type { Dataset } from '../data/dataset.js';
import { openTrainingData, type TrainingData } from '../data/open-dataset.js';
import { Detections, type DetectionsJson, type DrawOptions } from '../index.js';
import { callNative } from '../native.js';
import type { NativeBatch, NativeTrainingObject } from '../native-types.js';
import { Batches, dispose } from '../train/batches.js';
import { readTrainConfig, type CheckedConfig } from '../train/config.js';
import { TrainingPictures, trainable } from '../train/pictures.js';
import { augmentOptions } from '../train/resolve.js';
import { startingModel } from '../train/starting-model.js';
import type { Drawing } from './drawing.js';
import { wrongUsage } from './exit.js';
import { writeOut } from './output.js';
import { Progress } from './progress.js';
import { printable } from './terminal.js';
import { trainConfig } from './train-config.js';

export interface AugmentedArgs {
  config?: string;
  model?: string;
  images?: string;
  seed?: number;
  count: number;
  quiet: boolean;
}

type Instance = DetectionsJson['instances'][number];

function maskOf({ polygons, rle }: NativeTrainingObject, height: number, width: number): Instance['mask'] {
  return polygons ? callNative((native) => native.rleFromPolygons(polygons, height, width)) : rle;
}

/** One picture of a batch, as `Detections.draw` takes it. */
function sheetOf(batch: NativeBatch, index: number, classes: readonly string[]) {
  const { image, objects } = callNative(() => batch.picture(index));
  const { width, height } = image;
  const instances = (JSON.parse(objects) as NativeTrainingObject[]).map((object) => {
    const { classId, box } = object;
    const mask = maskOf(object, height, width);
    return { class: classes[classId]!, classId, score: 1, box, ...(mask && { mask }) };
  });
  return { image: { ...image, channels: 3 as const }, found: Detections.fromJSON({ width, height, instances }) };
}

const pastes = ({ augment: { copyPaste } }: CheckedConfig) =>
  copyPaste === true || (typeof copyPaste === 'object' && copyPaste !== null);

/** The run's own batches, one picture in each: what a picture becomes depends on its place alone. */
async function batchesOf(config: CheckedConfig, train: Dataset, pictures: TrainingPictures, count: number, signal: AbortSignal) {
  const augment = augmentOptions(config, await startingModel(config, train.classes));
  const { seed } = config.schedule;
  return new Batches(pictures, { batch: 1, parts: 1, steps: count, seed, augment, donors: pastes(config), ahead: 2 }, 1, signal);
}

async function openData(config: CheckedConfig, signal: AbortSignal): Promise<TrainingData> {
  const { path, val, images, strict } = config.data;
  const data = await openTrainingData({ data: path, val, images, strict, seed: config.schedule.seed, signal });
  process.stderr.write(checkReport(data.faults));
  return data;
}

/** Draws the first pictures of a run over `data`. @returns the exit status */
export async function drawAugmented(
  data: string,
  drawing: Drawing,
  args: AugmentedArgs,
  options: DrawOptions,
  signal: AbortSignal,
): Promise<number> {
  const { config: file, model, images, seed, count } = args;
  const config = readTrainConfig(await trainConfig({ config: file, data, model, images, seed, strict: false }));
  const { train, val } = await openData(config, signal);
  drawing.keep([...train.pictures, ...val.pictures].map(({ file }) => file));
  const pictures = new TrainingPictures(trainable(train.pictures, config.data.keepEmpty), 0);
  if (pictures.pictures.length === 0) throw wrongUsage(`Expected pictures with objects for \`FILE\` but received ${data}`);
  const batches = await batchesOf(config, train, pictures, count, signal);
  const plan = callNative((native) => native.trainingPlan(BigInt(config.schedule.seed), pictures.pictures.length, 0, count));
  const progress = new Progress(count, args);
  try {
    for (const picture of plan.pictures) {
      const made = (await batches.take()).batches;
      const { image, found } = sheetOf(made[0]!, 0, train.classes);
      dispose(made);
      const target = await drawing.add(pictures.pictures[picture]!.file, found, { scores: false, ...options, signal }, image);
      progress.clear();
      if (!args.quiet) await writeOut(`${printable(target)}\n`);
      progress.step();
    }
  } finally {
    progress.clear();
    await batches.close();
  }
  return 0;
}
