// The map of report.html: what a run did and how good its result is, in one file that needs no other. Before it: a run's
// metrics, its configuration, what its weights find on the pictures set aside. After it: people's eyes, in a browser or on
// paper.
import { rename, rm, writeFile } from 'node:fs/promises';
import type { StepMetrics } from '../train/metrics.js';
import { confusionSection } from './confusion-section.js';
import { dataSection } from './data-section.js';
import { headSection } from './head-section.js';
import { html, type Html } from './html.js';
import { frame } from './page-frame.js';
import { picturesSection } from './pictures-section.js';
import { precisionSection } from './precision-section.js';
import type { ReportInput } from './report-input.js';
import { isEvaluation } from './scalars.js';
import { studyOf } from './study.js';
import { timingSection } from './timing-section.js';
import { apSection, trainingSection } from './training-section.js';

export type { ReportInput, Validation } from './report-input.js';

/**
 * Writes the report; a file of that name is replaced when the new one is whole.
 * @throws ERR_MIMDET_DATASET where the data set cannot be evaluated; errors of the file system as they are
 */
export async function writeReport(path: string, input: ReportInput): Promise<void> {
  const page = await reportPage(input);
  const fresh = `${path}.new`;
  try {
    await writeFile(fresh, page);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

/** The same as text. */
export async function reportPage(input: ReportInput): Promise<string> {
  const steps = input.metrics.filter((record): record is StepMetrics => !isEvaluation(record));
  const evaluations = input.metrics.filter(isEvaluation);
  const study = input.validation && (await studyOf(input.validation, input.signal));
  const sections: [id: string, name: string, content: Html][] = [
    ['training', 'Training', trainingSection(steps)],
    ['ap', 'Quality over time', apSection(evaluations)],
    ['precision', 'Precision and recall', study ? precisionSection(study) : html``],
    ['confusion', 'Confusion', study?.summary.confusion ? confusionSection(study.summary.confusion) : html``],
    ['pictures', 'Pictures', study ? await picturesSection(study, input.signal) : html``],
    ['timing', 'Time', timingSection(steps)],
    ['data', 'Data and configuration', dataSection(input)],
  ];
  const there = sections.filter(([, , content]) => content.text !== '');
  const links = there.map(([id, name]) => html`<a href="#${id}">${name}</a>`);
  const head = headSection(input, steps, evaluations, study);
  return frame(input.title ?? 'Training report', [
    head,
    html`<nav aria-label="Sections">${links}</nav>`,
    ...there.map(([, , content]) => content),
  ]);
}
