// The best and the worst pictures of the validation set. Before it: report.ts, with a verdict on each picture. After it:
// picture-pair.
import { basename } from 'node:path';
import { MimdetError } from '../errors.js';
import type { PictureVerdict } from '../evaluator.js';
import { html, type Html } from './html.js';
import { count, percent, short } from './numbers.js';
import { picturePair } from './picture-pair.js';
import type { Study } from './report-input.js';

export async function picturesSection(study: Study, signal?: AbortSignal): Promise<Html> {
  const { best, worst } = chosen(study);
  if (best.length + worst.length === 0) return html``;
  const { scoreThreshold = 0.5 } = study;
  return html`<section id="pictures"><h2>Pictures</h2>
<p class="quiet">Left what is there, right what was found with a score of at least ${short(scoreThreshold)}. <span class="key"></span>found
<span class="key wrong"></span>missed, or found where nothing is, or of the wrong class. Quality is the panoptic quality: how well the hits fit,
lowered by what was missed and by what is too much; 100 is perfect. Hover over a shape for its class and score.</p>
<h3>Worst</h3><div class="pictures">${await figures(worst, study, signal)}</div>
<h3>Best</h3><div class="pictures">${await figures(best, study, signal)}</div></section>`;
}

/** No picture is among both. */
function chosen({ summary, pictures = { best: 4, worst: 6 } }: Study): { best: PictureVerdict[]; worst: PictureVerdict[] } {
  const counted = (summary.confusion?.pictures ?? []).filter(({ quality }) => quality >= 0);
  const ranked = counted.sort((a, b) => a.quality - b.quality);
  const worst = ranked.slice(0, pictures.worst);
  const best = ranked.slice(worst.length).slice(-pictures.best).reverse();
  return { best, worst };
}

async function figures(verdicts: PictureVerdict[], study: Study, signal?: AbortSignal): Promise<Html[]> {
  const all: Html[] = [];
  for (const verdict of verdicts) all.push(await figure(verdict, study, signal));
  return all;
}

async function figure(verdict: PictureVerdict, study: Study, signal?: AbortSignal): Promise<Html> {
  const { dataset, detections, scoreThreshold = 0.5 } = study;
  const index = dataset.pictures.findIndex(({ id }) => id === verdict.imageId);
  const picture = dataset.pictures[index]!;
  // As the evaluation counts them: those of classes that the data set has.
  const found = detections[index]!.filter(({ className }) => dataset.classes.includes(className));
  const pair = await picturePair(
    { picture, found, verdict, classes: dataset.classes, scoreThreshold },
    `picture-${index}`,
    signal,
  ).catch((error: unknown) => unreadable(error, signal));
  const { hits, missed, extra, quality } = verdict;
  return html`<figure><figcaption>${basename(picture.file)} <small>quality ${percent(quality)}: ${count(hits, 'hit')}, ${missed.length} missed,
${extra.length} wrong</small></figcaption>${pair}</figure>`;
}

/** A picture that has gone since is no reason to have no report. */
function unreadable(error: unknown, signal?: AbortSignal): Html {
  signal?.throwIfAborted();
  if (!(error instanceof MimdetError)) throw error;
  return html`<p>The picture cannot be read: ${error.message}</p>`;
}
