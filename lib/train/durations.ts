// Durations of a schedule, given in steps or epochs, as steps. Before it: config.ts. After it: resolve.ts.

/** A number of steps, "100 steps" or "2.5 epochs". */
export type Duration = number | string;

/**
 * @param stepsPerEpoch steps of one pass over the pictures, a fraction where the batch does not divide them
 * @returns whole steps, at least `least`
 */
export function toSteps(duration: Duration, stepsPerEpoch: number, least = 0): number {
  if (typeof duration === 'number') return Math.max(least, duration);
  const amount = Number.parseFloat(duration);
  const steps = /epoch/.test(duration) ? amount * stepsPerEpoch : amount;
  return Math.max(least, Math.round(steps));
}
