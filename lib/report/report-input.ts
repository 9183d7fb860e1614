// What a report is made of. Before it: a run that has ended. After it: report.ts.
import type { Dataset, DatasetFault } from '../data/dataset.js';
import type { Detections } from '../detections.js';
import type { EvaluationSummary } from '../evaluator.js';
import type { MetricsRecord } from '../train/metrics.js';

export interface ReportInput {
  /** Default: "Training report". */
  title?: string;
  /** A run's metrics, in the order of its file. */
  metrics: readonly MetricsRecord[];
  /** Short facts for the head of the page, by name: model, data, where it started from. */
  facts?: Readonly<Record<string, string>>;
  /** The configuration as it was run, as text. */
  config?: string;
  /** Of the data set. */
  notes?: readonly string[];
  faults?: readonly DatasetFault[];
  /** What the best weights find on the pictures set aside. */
  validation?: Validation;
  signal?: AbortSignal;
}

export interface Validation {
  dataset: Dataset;
  /** By picture, in the order of the data set, with all scores (the report cuts them itself). */
  detections: readonly Detections[];
  /** Whether the model finds masks. Default true. */
  masks?: boolean;
  /** The last of COCO's three numbers of detections. Default 100. */
  maxDets?: number;
  /** What counts as found in the confusion matrix and on the pictures. Default 0.5. */
  scoreThreshold?: number;
  /** Best and worst pictures that are shown. Default 4 and 6. */
  pictures?: { best: number; worst: number };
}

/** The same, evaluated with curves and confusion. */
export interface Study extends Validation {
  summary: EvaluationSummary;
}
