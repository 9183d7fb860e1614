// What the run was given: the data set's notes and faults, and the configuration. Before it: report.ts.
import type { DatasetFault } from '../data/dataset.js';
import { html, type Content, type Html } from './html.js';
import { count } from './numbers.js';
import type { ReportInput } from './report-input.js';

const maxFaults = 100;

export function dataSection({ notes = [], faults = [], config }: ReportInput): Html {
  return html`<section id="data"><h2>Data and configuration</h2>
${notes.length > 0 && html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${faults.length > 0 ? faultTable(faults) : html`<p>The check of the data found no fault.</p>`}
${config !== undefined && html`<h3>Configuration</h3><pre tabindex="0">${config}</pre>`}</section>`;
}

function faultTable(faults: readonly DatasetFault[]): Content {
  const rest = faults.length - maxFaults;
  return html`<h3>${count(faults.length, 'fault')} of the data</h3><p class="quiet">What they touch was left out.</p>
<div class="scroll" tabindex="0"><table><thead><tr>
<th scope="col">File</th><th scope="col" class="text">Annotation</th><th scope="col" class="text">Class</th>
<th scope="col" class="text">Fault</th></tr></thead><tbody>${faults
    .slice(0, maxFaults)
    .map(
      ({ file, annotation, class: classId, message }) =>
        html`<tr><td>${file}</td><td class="text">${annotation}</td><td class="text">${classId}</td><td class="text">${message}</td></tr>`,
    )}</tbody></table></div>${rest > 0 && html`<p>… and ${rest.toLocaleString('en')} more.</p>`}`;
}
