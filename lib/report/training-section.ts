// Curves of training: losses, learning rate, gradient norm, and AP over time. Before it: report.ts. After it: chart.ts.
import type { EvaluationMetrics, StepMetrics } from '../train/metrics.js';
import { chart } from './chart.js';
import { apNote } from './head-section.js';
import { html, type Html } from './html.js';
import { count } from './numbers.js';
import { thin, type ThinPoint } from './thin.js';

const parts = [
  ['rpnCls', 'Proposals: object or not'],
  ['rpnLoc', 'Proposals: place'],
  ['cls', 'Class'],
  ['boxReg', 'Box'],
  ['mask', 'Mask'],
] as const;

export function trainingSection(steps: StepMetrics[]): Html {
  if (steps.length === 0) return html`<section id="training"><h2>Training</h2><p>No step was done.</p></section>`;
  const xRange: [number, number] = [0, steps.at(-1)!.step];
  const curve = (title: string, value: (step: StepMetrics) => number, options: { wide?: boolean; log?: boolean } = {}) =>
    chart({
      title,
      x: 'step',
      xRange,
      series: [{ name: title, colour: 1, points: thin(steps.map((step) => [step.step, value(step)])) }],
      ...options,
    });
  // A run on boxes alone has a mask loss of nothing but zeros.
  const used = parts.filter(([key]) => steps.some(({ losses }) => losses[key] !== 0));
  return html`<section id="training"><h2>Training</h2>
${joinedNote(steps)}
<div class="charts">${curve('Total loss', ({ loss }) => loss, { wide: true })}
${curve('Learning rate', ({ lr }) => lr)}
${used.map(([key, title]) => curve(`Loss: ${title}`, ({ losses }) => losses[key]))}
${curve('Gradient norm, before clipping', ({ gradNorm }) => gradNorm, { log: true })}
</div></section>`;
}

function joinedNote(steps: StepMetrics[]): Html {
  const joined = Math.ceil(steps.length / thin(steps.map(({ step }) => [step, step])).length);
  return joined > 1
    ? html`<p class="quiet">Lines are means of ${count(joined, 'step')}, the bands behind them their range.</p>`
    : html``;
}

const point = (x: number, y: number): ThinPoint => ({ x, mean: y, low: y, high: y });

/** AP, AP50 and AP75 over the steps, for masks and boxes. */
export function apSection(evaluations: EvaluationMetrics[]): Html {
  if (evaluations.length === 0) return html``;
  const of = (type: 'segm' | 'bbox', title: string) => {
    const series = (['AP', 'AP50', 'AP75'] as const).map((key, i) => ({
      name: key,
      colour: i + 1,
      dots: true,
      points: evaluations
        .map(({ step, eval: summary }) => [step, 100 * (summary[type]?.[key] ?? NaN)] as const)
        .filter(([, value]) => value >= 0)
        .map(([step, value]) => point(step, value)),
    }));
    return chart({ title, x: 'step', xRange: [0, evaluations.at(-1)!.step], series });
  };
  return html`<section id="ap"><h2>Quality over time</h2>${apNote}
<div class="charts">${of('segm', 'Masks')}${of('bbox', 'Boxes')}</div></section>`;
}
