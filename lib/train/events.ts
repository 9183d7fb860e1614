// What a run tells while it works, beside its steps. Before it: the stations of the run. After it: the command line, a user's
// program.
import type { DatasetFault } from '../data/dataset.js';
import type { EvaluationSummary } from '../evaluator.js';
import type { StepMetrics } from './metrics.js';

export type TrainEvent =
  /** A sentence for people: where the run starts from, what was left out. */
  | { kind: 'note'; text: string }
  /** Faults of the data; what they touch is left out. */
  | { kind: 'faults'; faults: DatasetFault[] }
  /** Pictures of the data set that are checked, or of an evaluation that are through. */
  | { kind: 'checking' | 'evaluating'; done: number; total: number };

export type OnEvent = (event: TrainEvent) => void;

/** One step of a run, as it is yielded. */
export interface TrainStep extends StepMetrics {
  /** Steps of the whole run. */
  steps: number;
  /** Passes over the pictures, a fraction. */
  epoch: number;
  /** Where the weights were evaluated after this step. */
  evaluation?: EvaluationSummary & { isBest: boolean };
}

/** How a run ended, and where its results are. */
export interface TrainOutcome {
  folder: string;
  /** Steps done, of so many. */
  step: number;
  steps: number;
  /** 'patience': no better AP for as many evaluations as the configuration allows. */
  ended: 'steps' | 'patience';
  weights: string;
  /** Path of report.html. */
  report: string | null;
  best: { step: number; ap: number; of: 'segm' | 'bbox' } | null;
  /** AP of the weights in `weights`; null where nothing was evaluated. */
  evaluation: EvaluationSummary | null;
}
