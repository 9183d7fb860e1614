// From a path that a user names to data sets that training can use: which form, which parts, one list of classes, all faults at once.
// Before it: `mimdet train --data`, `mimdet eval --data`. After it: lib/train, to-coco.
import type { CheckProgress, Dataset, DatasetFault } from './dataset.js';

export interface OpenOptions {
  /** The folder of the pictures of a COCO JSON (default: found beside it). */
  images?: string;
  signal?: AbortSignal;
  onProgress?: CheckProgress;
}

export interface TrainingDataOptions extends OpenOptions {
  data: string;
  /** Where `data` has no part of that name. */
  val?: string;
  /** Any fault ends with ERR_MIMDET_DATASET. */
  strict?: boolean;
  /** Decides which pictures are set aside where there is no part for validation. Default 0. */
  seed?: number;
}

export interface OpenedDataset {
  dataset: Dataset;
  faults: DatasetFault[];
}

export interface TrainingData {
  train: Dataset;
  val: Dataset;
  /** Of both parts; what they touch is left out already. */
  faults: DatasetFault[];
  /** Sentences for the user: what was set aside, how classes were joined, that there are no masks. */
  notes: string[];
}

/** What a check found: the parts that can be used are there. */
export interface CheckedTrainingData {
  train?: Dataset;
  val?: Dataset;
  faults: DatasetFault[];
  notes: string[];
}

/**
 * One data set for evaluation: a COCO JSON or a folder in COCO, VOC or YOLO form (of several parts the one for validation).
 * @throws ERR_MIMDET_DATASET where nothing of it can be used
 */
export declare function openDataset(path: string, options?: OpenOptions): Promise<OpenedDataset>;

/**
 * Both parts of the data of a training run, checked. Pictures' ids are unique within a part, `classes` of both are equal.
 * @throws ERR_MIMDET_DATASET where there is nothing to train on, or with `strict` where there is any fault
 */
export declare function openTrainingData(options: TrainingDataOptions): Promise<TrainingData>;

/** As {@link openTrainingData}, but faults are only told, whatever they are: `mimdet train --check`. Rejects for an abort alone. */
export declare function checkTrainingData(options: TrainingDataOptions): Promise<CheckedTrainingData>;
