// Which class was taken for which: a matrix, or for many classes a list of the most frequent mistakes. Before it: report.ts.
import type { Confusion } from '../evaluator.js';
import { html, type Html } from './html.js';
import { percent, short } from './numbers.js';

const mostInMatrix = 25;
const mostMistakes = 40;

type Cell = Confusion['counts'][number];

export function confusionSection(confusion: Confusion): Html {
  const { classes, iouType, iou, scoreThreshold } = confusion;
  const overlap = iouType === 'segm' ? 'masks' : 'boxes';
  return html`<section id="confusion"><h2>Confusion</h2>
<p class="quiet">Detections with a score of at least ${short(scoreThreshold)}, matched with the objects whose ${overlap} they cover with an IoU
of at least ${short(iou)}, whatever the class. A row is what is there, a column what was found; “background” is an object that was missed, or a
detection where nothing is. Colours are shares of the row.</p>
${classes.length <= mostInMatrix ? matrix(confusion) : mistakes(confusion)}</section>`;
}

function matrix({ classes, counts }: Confusion): Html {
  const names = [...classes, 'background'];
  const at = new Map(counts.map(([truth, found, count]) => [truth * names.length + found, count]));
  const rows = names.map((_, truth) => names.map((_, found) => at.get(truth * names.length + found) ?? 0));
  return html`<div class="scroll" tabindex="0"><table class="matrix${names.length > 7 ? ' many' : ''}"><thead><tr>
<th scope="col" class="text">there ↓ found →</th>
${names.map((name) => html`<th scope="col"><span>${name}</span></th>`)}<th scope="col"><span>all</span></th></tr></thead>
<tbody>${rows.map((row, truth) => matrixRow(names[truth]!, row, truth, names.length - 1))}</tbody></table></div>`;
}

function matrixRow(name: string, row: number[], truth: number, background: number): Html {
  const sum = row.reduce((total, count) => total + count, 0);
  const cells = row.map((count, found) => {
    if (truth === background && found === background) return html`<td class="zero"></td>`; // nobody can count nothing
    const share = sum > 0 ? count / sum : 0;
    return html`<td class="${count === 0 ? 'zero' : ''}" style="--share:${share.toFixed(3)}" title="${percent(share)} %">${count}</td>`;
  });
  return html`<tr><th scope="row" class="text">${name}</th>${cells}<td class="zero">${sum}</td></tr>`;
}

function mistakes({ classes, counts }: Confusion): Html {
  const name = (index: number) => classes[index] ?? 'background';
  const wrong = counts.filter(([truth, found]) => truth !== found).sort((a, b) => b[2] - a[2]);
  const row = ([truth, found, count]: Cell) =>
    html`<tr><td>${name(truth)}</td><td class="text">${name(found)}</td><td>${count}</td></tr>`;
  return html`<p>The ${Math.min(mostMistakes, wrong.length)} most frequent of ${wrong.length} kinds of mistakes.</p>
<table><thead><tr><th scope="col">there</th><th scope="col" class="text">found</th><th scope="col">how often</th></tr></thead>
<tbody>${wrong.slice(0, mostMistakes).map(row)}</tbody></table>`;
}
