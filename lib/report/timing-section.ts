// Where the time of training went, and whether steps waited for their pictures. Before it: report.ts.
import type { StepMetrics } from '../train/metrics.js';
import { chart } from './chart.js';
import { html, type Html } from './html.js';
import { short } from './numbers.js';
import { shareBar } from './share-bar.js';
import { mean, thin } from './thin.js';

const parts = [
  ['prepare', 'Batch to tensors'],
  ['backbone', 'Backbone'],
  ['rpn', 'Proposals'],
  ['roi', 'Heads'],
  ['backward', 'Backward'],
  ['update', 'Update'],
] as const;

/** Steps at the start of which memory is laid out and files are first read: they would colour the means. */
const warmUp = 3;

export function timingSection(all: StepMetrics[]): Html {
  if (all.length === 0) return html``;
  const steps = all.length > 2 * warmUp ? all.slice(warmUp) : all;
  const rows = parts.map(([key, name]) => ({ name, ms: mean(steps.map(({ ms }) => ms[key])) }));
  const wait = mean(steps.map(({ waitMs }) => waitMs));
  const known = rows.reduce((sum, { ms }) => sum + ms, 0);
  const whole = Math.max(mean(steps.map(({ ms }) => ms.total)), known);
  const listed = [...rows, { name: 'Everything else', ms: whole - known }, { name: 'Waiting for pictures', ms: wait }];
  const sum = whole + wait || 1;
  const share = (ms: number) => `${((100 * ms) / sum).toFixed(1)} %`;
  return html`<section id="timing"><h2>Time</h2>
<p>A step took ${short(sum)} ms in the mean; it waited for its pictures ${share(wait)} of the time.</p>
${shareBar(listed, ['Part', 'ms a step', 'Share'])}
<div class="charts">${chart({ title: 'Pictures a second', x: 'step', xRange: [0, all.at(-1)!.step], series: [speed(all)] })}</div></section>`;
}

const speed = (steps: StepMetrics[]) => ({
  name: 'pictures a second',
  colour: 3,
  points: thin(steps.map(({ step, imagesPerSecond }) => [step, imagesPerSecond])),
});
