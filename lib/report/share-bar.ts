// Parts of a whole as a bar of colours and a table of the same. Used by the report's section on time and the plot of `mimdet bench`.
import { html, type Content, type Html } from './html.js';
import { short } from './numbers.js';

export interface Part {
  name: string;
  ms: number;
  /** Cells after the share. */
  more?: string[];
}

/** @param titles of the columns: name, milliseconds, share, and those of `more` */
export function shareBar(parts: readonly Part[], titles: readonly string[]): Html {
  const sum = parts.reduce((all, { ms }) => all + ms, 0) || 1;
  const share = (ms: number) => `${((100 * ms) / sum).toFixed(1)} %`;
  const row = ({ name, ms, more = [] }: Part, i: number): Content =>
    html`<tr><td><span class="swatch s${colour(i)}"></span>${name}</td>${[short(ms), share(ms), ...more].map(
      (cell) => html`<td>${cell}</td>`,
    )}</tr>`;
  return html`<div class="bar" role="img" aria-label="${parts.map(({ name, ms }) => `${name} ${share(ms)}`).join(', ')}">${parts.map(
    ({ name, ms }, i) =>
      html`<span class="s${colour(i)}" style="width:${share(ms).replace(' ', '')}" title="${name} ${share(ms)}"></span>`,
  )}</div>
<table><thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>${parts.map(row)}</tbody></table>`;
}

const colour = (index: number): number => (index % 8) + 1;
