// A run's metrics by the names under which TensorBoard shows them. Before it: train/metrics. After it: tensorboard.ts.
import type { IouSummary } from '../evaluator.js';
import type { EvaluationMetrics, MetricsRecord, StepMetrics } from '../train/metrics.js';

export const isEvaluation = (record: MetricsRecord): record is EvaluationMetrics => 'eval' in record;

/** TensorBoard's tags and values of a record. */
export function scalarsOf(record: MetricsRecord): Record<string, number> {
  return isEvaluation(record) ? evaluationScalars(record) : stepScalars(record);
}

function stepScalars({ loss, losses, lr, gradNorm, objects, foreground, ms, waitMs, imagesPerSecond }: StepMetrics) {
  return {
    'loss/total': loss,
    ...prefixed('loss', losses),
    'optimizer/lr': lr,
    'optimizer/grad_norm': gradNorm,
    'data/objects': objects,
    'data/foreground': foreground,
    ...prefixed('ms', ms),
    'ms/wait': waitMs,
    'speed/images_per_second': imagesPerSecond,
  };
}

function evaluationScalars({ eval: summary, seconds }: EvaluationMetrics): Record<string, number> {
  const scalars: Record<string, number> = { 'eval/seconds': seconds };
  for (const type of ['bbox', 'segm'] as const) {
    for (const [name, value] of Object.entries(numbersOf(summary[type]))) scalars[`eval_${type}/${name}`] = value;
  }
  return scalars;
}

/** The plain numbers of a summary; -1 says that there is nothing to count, and is no value. */
function numbersOf(summary: IouSummary | undefined): Record<string, number> {
  const entries = Object.entries(summary ?? {}).filter(([, value]) => typeof value === 'number' && value >= 0);
  return Object.fromEntries(entries) as Record<string, number>;
}

const prefixed = (prefix: string, values: object): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value as number]));
