// A configuration in numbers, for one set of pictures: steps, learning rate, evaluation; and the addon's form of it.
// Before it: config.ts, starting-model.ts. After it: run.ts.
import { availableParallelism } from 'node:os';
import { deviceOfEnvironment, threadsOfEnvironment } from '../detector-options.js';
import type { CheckedConfig } from './config.js';
import { toSteps, type Duration } from './durations.js';
import { learningRate, type Start } from './learning-rate.js';
import type { StartingModel } from './starting-model.js';

/** The numbers that a run goes by. */
export interface RunNumbers {
  steps: number;
  batch: number;
  /** Parts that a batch is computed in. */
  parts: number;
  lr: number;
  evaluateEvery: number;
  checkpointEvery: number;
  stepsPerEpoch: number;
  threads: number;
  device: string;
}

/** Pictures that a run sees by default: few for a model that has been trained already, never less than some epochs. */
const defaultLength: Record<Start, { pictures: number; epochs: number }> = {
  random: { pictures: 14_000, epochs: 24 },
  pretrained: { pictures: 14_000, epochs: 24 },
  trained: { pictures: 6_000, epochs: 12 },
};

/** @param pictures how many there are to train on */
export function runNumbers(config: CheckedConfig, model: StartingModel, pictures: number): RunNumbers {
  const { schedule, output, compute } = config;
  const stepsPerEpoch = pictures / schedule.batch;
  const steps = runLength(config, model.start, stepsPerEpoch);
  return {
    steps,
    batch: schedule.batch,
    parts: schedule.accumulate,
    lr: learningRate(config, model.config.encoder.dim, model.start),
    evaluateEvery: toSteps(output.evaluateEvery ?? Math.max(50, Math.ceil(steps / 10)), stepsPerEpoch, 1),
    checkpointEvery: toSteps(output.checkpointEvery, stepsPerEpoch, 1),
    stepsPerEpoch,
    threads: compute.threads ?? threadsOfEnvironment(),
    device: compute.device ?? deviceOfEnvironment(),
  };
}

function runLength({ schedule }: CheckedConfig, start: Start, stepsPerEpoch: number): number {
  if (schedule.steps !== undefined) return schedule.steps;
  const { pictures, epochs } = defaultLength[start];
  if (schedule.epochs === undefined) return Math.ceil(Math.max(pictures / schedule.batch, epochs * stepsPerEpoch));
  return Math.max(1, Math.round(schedule.epochs * stepsPerEpoch));
}

/** `options` of the addon's createTrainer (native/train/train_options.h). */
export function trainerOptions(config: CheckedConfig, model: StartingModel, numbers: RunNumbers): string {
  const { optimizer, compute, schedule } = config;
  const { betas, eps, weightDecay, weightDecayNorm, layerDecay, clipNorm, freeze } = optimizer;
  const multiplier = optimizer.multiplier ?? (model.config.encoder.dim >= 1024 ? 3.5 : 2);
  return JSON.stringify({
    model: model.config,
    optimizer: { lr: numbers.lr, betas, eps, weightDecay, weightDecayNorm, multiplier, layerDecay, clipNorm, freeze },
    schedule: nativeSchedule(config, numbers),
    accumulate: numbers.parts,
    checkpointing: compute.checkpointing,
    precision: compute.precision,
    emaDecay: optimizer.ema,
    seed: schedule.seed,
    threads: numbers.threads,
    device: numbers.device,
    ...(Array.isArray(config.model.sampleRatio) ? { sampleRatioRange: config.model.sampleRatio } : {}),
  });
}

function nativeSchedule({ schedule }: CheckedConfig, { steps, stepsPerEpoch }: RunNumbers) {
  const { kind, warmupFactor, gamma, finalFactor } = schedule;
  const warmup = schedule.warmup ?? Math.min(500, Math.round(steps / 20));
  const given = schedule.milestones ?? [(steps * 3) / 4, (steps * 11) / 12].map(Math.round);
  const milestones = [...new Set(given.map((at: Duration) => toSteps(at, stepsPerEpoch, 1)))].sort((a, b) => a - b);
  // A run that is cut short, to try a recipe, must still come to learn: half of it at most.
  const warmupSteps = Math.min(toSteps(warmup, stepsPerEpoch), Math.floor(steps / 2));
  return { kind, steps, warmupSteps, warmupFactor, gamma, finalFactor, ...(kind === 'multistep' ? { milestones } : {}) };
}

/** `augment` of the addon's prepareBatch; sizes follow the model's. */
export function augmentOptions(config: CheckedConfig, model: StartingModel): string {
  const { minSize, maxSize } = model.config;
  return JSON.stringify({ minSize, maxSize, ...config.augment });
}

/** Pictures that are decoded at the same time for evaluation. */
export const evaluationConcurrency = Math.max(2, Math.min(4, availableParallelism()));
