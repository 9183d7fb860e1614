// The learning rate of a run from what the configuration says. The rule, as docs/training.md states it:
// lr = baseLr × sqrt(batch / 64), as AdamW's steps keep their size whatever the gradient's; `scaling` takes another.
// Before it: config.ts. After it: resolve.ts.
import type { CheckedConfig } from './config.js';

/** The batch that `baseLr` is for: the reference's. */
const referenceBatch = 64;

/** Where a model starts from. */
export type Start = 'random' | 'pretrained' | 'trained';

/**
 * The reference's 8e-5 at 64 pictures is for encoders that were pre-trained; small models from random weights want more:
 * 1.13e-3 at 64 is 4e-4 at 8.
 */
export function defaultBaseLr(encoderDim: number, start: Start): number {
  if (encoderDim >= 384) return 8e-5;
  return start === 'random' ? 1.13e-3 : 5.6e-4;
}

/** @returns the rate of a parameter group with factor 1, at the schedule's height */
export function learningRate(config: CheckedConfig, encoderDim: number, start: Start): number {
  const { lr, baseLr, scaling } = config.optimizer;
  if (lr !== undefined) return lr;
  const ratio = config.schedule.batch / referenceBatch;
  const factor = { sqrt: Math.sqrt(ratio), linear: ratio, none: 1 }[scaling];
  return (baseLr ?? defaultBaseLr(encoderDim, start)) * factor;
}
