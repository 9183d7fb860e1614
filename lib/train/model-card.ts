// What a file of trained weights says of itself: licence, data, recipe, metrics, and where it knows no masks, as its metadata. The same
// run writes the same card. Before it: run.ts. After it: the addon's saveWeights, `mimdet info`.
import type { EvaluationSummary, IouSummary } from '../evaluator.js';
import type { OpenedRun } from './open-run.js';

/** @param summary of these very weights, where they were evaluated */
export function cardOf(run: OpenedRun, summary: EvaluationSummary | undefined): Record<string, string> {
  const { config, data } = run;
  const pictures = `${run.pictures.pictures.length} pictures, classes: ${data.train.classes.join(', ')}`;
  const card: Record<string, string> = {
    data: config.output.data ?? pictures,
    recipe: recipeOf(run),
  };
  if (config.output.license !== undefined) card['license'] = config.output.license;
  if (data.train.masks === 'none') card['masks'] = 'none';
  if (summary) card['metrics'] = JSON.stringify(metricsOf(summary, run));
  return card;
}

function recipeOf({ config, model, numbers, state }: OpenedRun): string {
  const { kind, seed } = config.schedule;
  const { ema, weightDecay } = config.optimizer;
  const average = ema > 0 ? `, weights averaged with decay ${ema}` : '';
  return (
    `From ${model.from}: ${state.step} of ${numbers.steps} steps of ${numbers.batch} pictures, AdamW, lr ${numbers.lr} (${kind})` +
    `, weight decay ${weightDecay}${average}, seed ${seed}`
  );
}

function metricsOf({ bbox, segm }: EvaluationSummary, { config, data }: OpenedRun): object {
  const numbers = (summary: IouSummary) => ({ AP: summary.AP, AP50: summary.AP50, AP75: summary.AP75 });
  return {
    pictures: data.val.pictures.length,
    maxDets: config.output.maxDets,
    ...(bbox && { bbox: numbers(bbox) }),
    ...(segm && { segm: numbers(segm) }),
  };
}
