// Precision over recall, and a row for each class. Before it: report.ts, with the evaluation's curves. After it: chart.ts.
import type { IouSummary, PrecisionCurves } from '../evaluator.js';
import { chart } from './chart.js';
import { html, type Content, type Html } from './html.js';
import { percent, short } from './numbers.js';
import type { Study } from './report-input.js';

const curveNames = [
  ['AP', 'mean of ten IoUs'],
  ['AP50', 'IoU 0.5'],
  ['AP75', 'IoU 0.75'],
] as const;

/** Rows of a table that a browser shows without trouble. */
const maxRows = 500;

export function precisionSection({ summary, maxDets = 100 }: Study): Html {
  return html`<section id="precision"><h2>Precision and recall</h2>
<p class="quiet">On the pictures set aside, as COCO counts: means over the classes at 101 recalls, at most ${maxDets} detections a picture.
“Best cut” is the score at which precision and recall are best together (highest F1 at IoU 0.5).</p>
<div class="charts">${precisionChart('Masks', summary.segm)}${precisionChart('Boxes', summary.bbox)}</div>
${classTable('Masks', summary.segm)}${classTable('Boxes', summary.bbox)}</section>`;
}

function precisionChart(title: string, numbers: IouSummary | undefined): Content {
  const curves = numbers?.curves;
  if (!curves || curves.AP[0] === -1) return undefined;
  const series = curveNames.map(([key, name], i) => ({
    name: `${name}: ${percent(numbers[key])}`,
    colour: i + 1,
    points: curves[key].map((y, at) => ({ x: curves.recall[at]!, mean: y, low: y, high: y })),
  }));
  return chart({ title: `${title}: precision over recall`, x: 'recall', series, xRange: [0, 1], yRange: [0, 1] });
}

function classTable(title: string, numbers: IouSummary | undefined): Content {
  const curves = numbers?.curves;
  if (!curves) return undefined;
  const names = Object.keys(numbers.perCategory);
  const columns = ['Class', 'Objects', 'AP', 'AP50', 'AP75', 'AR', 'Best cut', 'Precision', 'Recall'];
  return html`<h3>${title}: classes</h3>
${names.length > maxRows && html`<p class="quiet">The first ${maxRows} of ${names.length} classes are shown.</p>`}
<div class="scroll" tabindex="0"><table><thead><tr>${columns.map(
    (name) => html`<th scope="col"><button type="button" title="Sort">${name}</button></th>`,
  )}</tr></thead><tbody>${names.slice(0, maxRows).map((name) => classRow(name, numbers.perCategory[name]!, curves))}</tbody></table></div>`;
}

function classRow(name: string, ap: number, curves: PrecisionCurves): Html {
  const { objects, AP50, AP75, AR, best } = curves.perCategory[name]!;
  const quality = [ap, AP50, AP75, AR].map((value) => html`<td data-value="${value}">${percent(value)}</td>`);
  const cut =
    objects > 0 && best.f1 > 0 ? [short(best.score), percent(best.precision), percent(best.recall)] : ['–', '–', '–'];
  return html`<tr><td>${name}</td><td data-value="${objects}">${objects.toLocaleString('en')}</td>${quality}${cut.map(
    (text) => html`<td>${text}</td>`,
  )}</tr>`;
}
