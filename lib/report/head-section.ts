// The head of the report: what was trained, how far, how good. Before it: report.ts.
import type { IouSummary } from '../evaluator.js';
import type { EvaluationMetrics, StepMetrics } from '../train/metrics.js';
import { html, raw, type Html } from './html.js';
import { duration, percent, short } from './numbers.js';
import type { ReportInput, Study } from './report-input.js';

interface Tile {
  name: string;
  value: string;
  small?: string;
  /** Words rather than a number. */
  words?: boolean;
}

export function headSection(
  input: ReportInput,
  steps: StepMetrics[],
  evaluations: EvaluationMetrics[],
  study?: Study,
): Html {
  const facts = Object.entries(input.facts ?? {}).map(([name, value]): Tile => ({ name, value, words: true }));
  const tiles = [...qualityTiles(evaluations, study), ...stepTiles(steps), ...facts];
  return html`<header><h1>${input.title ?? 'Training report'}</h1>
<dl class="tiles">${tiles.map(
    ({ name, value, small, words }) =>
      html`<div${words && raw(' class="words"')}><dt>${name}</dt>
<dd>${value}${small && html`<small>${small}</small>`}</dd></div>`,
  )}</dl></header>`;
}

/** Of the weights that were kept, else of the last evaluation. */
function qualityTiles(evaluations: EvaluationMetrics[], study?: Study): Tile[] {
  const last = evaluations.at(-1);
  const summary = study?.summary ?? last?.eval;
  const tile = (name: string, numbers: IouSummary | undefined): Tile[] =>
    numbers
      ? [{ name, value: percent(numbers.AP), small: `AP50 ${percent(numbers.AP50)}, AP75 ${percent(numbers.AP75)}` }]
      : [];
  return [...tile('Mask AP', summary?.segm), ...tile('Box AP', summary?.bbox)];
}

function stepTiles(steps: StepMetrics[]): Tile[] {
  const last = steps.at(-1);
  if (!last) return [];
  const seconds = steps.reduce((sum, { ms, waitMs }) => sum + ms.total + waitMs, 0) / 1000;
  return [
    { name: 'Steps', value: last.step.toLocaleString('en'), small: `last loss ${short(last.loss)}` },
    { name: 'Time in steps', value: duration(seconds), small: `${short((1000 * seconds) / steps.length)} ms a step` },
  ];
}

/** A word or two on the numbers, for those who do not know COCO's. */
export const apNote = html`<p class="quiet">AP is COCO's average precision, times 100: the mean over ten overlaps (IoU 0.50, 0.55 … 0.95);
AP50 and AP75 are those at one overlap.</p>`;
