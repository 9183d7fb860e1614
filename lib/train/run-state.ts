// What a run has to remember beside the model: it travels as text in the checkpoint, so that both are of the same step.
// Before it: run.ts. After it: the addon's saveCheckpoint.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { DatasetPicture } from '../data/dataset.js';
import { MimdetError } from '../errors.js';
import { expected, Words } from '../validate.js';
import type { Start } from './learning-rate.js';

export interface RunState {
  version: 1;
  /** Steps done. */
  step: number;
  /** The step that was evaluated last; 0 before the first. */
  evaluatedAt: number;
  best: { step: number; ap: number; of: 'segm' | 'bbox' } | null;
  /** Evaluations since the best. */
  worse: number;
  /** Length of metrics.jsonl. */
  metricsBytes: number;
  /** What decides which pictures a step sees, beside the seed: see `inputsOf`. */
  inputs: Record<string, string>;
  /** What the run started from, which the checkpoints of earlier versions do not say. */
  start?: Start;
}

export function newState(inputs: RunState['inputs'], start: Start): RunState {
  return { version: 1, step: 0, evaluatedAt: 0, best: null, worse: 0, metricsBytes: 0, inputs, start };
}

/** The data by a hash of all objects, the augmentation and the batch as they are. */
export function inputsOf(pictures: readonly DatasetPicture[], augment: string, batch: number): RunState['inputs'] {
  const hash = createHash('sha256');
  for (const { file, width, height, objects } of pictures)
    hash.update(JSON.stringify([basename(file), width, height, objects]));
  return { data: hash.digest('hex').slice(0, 32), augment, batch: String(batch) };
}

/**
 * @throws ERR_MIMDET_WEIGHTS for a text that is no state, ERR_MIMDET_INVALID_ARGUMENT where the run was of other data or options
 */
export function readState(text: string, inputs: RunState['inputs']): RunState {
  const state = parse(text);
  const changed = Object.keys(inputs).find((key) => state.inputs[key] !== inputs[key]);
  if (changed === undefined) return state;
  const what = { data: 'data', augment: 'augment', batch: 'schedule.batch' }[changed] ?? changed;
  throw expected('the same as before the run was interrupted', what, new Words('other ones; start a new run with --init'));
}

function parse(text: string): RunState {
  try {
    const state = JSON.parse(text) as RunState;
    if (state.version === 1 && typeof state.step === 'number' && typeof state.inputs === 'object') return state;
  } catch {
    // said below
  }
  throw new MimdetError('ERR_MIMDET_WEIGHTS', 'Expected the checkpoint of a run for `resume` but received another file');
}
