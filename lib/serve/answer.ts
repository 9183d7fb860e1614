// Results in the form that the caller wants: the objects of `mimdet detect --format jsonl`, COCO, or the picture drawn upon.
// Before it: detect-route. After it: the wire.
import Negotiator from 'negotiator';
import type { Detections } from '../detections.js';
import { expected, Words } from '../validate.js';
import type { Format } from './call-options.js';
import { describeFailure, HttpError } from './problems.js';
import type { SentPicture } from './request-pictures.js';

/** What became of one picture. */
export type Outcome = { picture: SentPicture } & (
  | { detections: Detections; error?: undefined }
  | { detections?: undefined; error: unknown }
);

export interface Answer {
  type: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

export const mediaTypes: Record<Format, string> = {
  json: 'application/json',
  coco: 'application/vnd.mimdet.coco+json',
  png: 'image/png',
};

/** The form by `format`, else by the Accept header. Throws 406. */
export function chooseFormat(format: Format | undefined, accept: string | undefined): Format {
  if (format) return format;
  const offered = Object.values(mediaTypes);
  const type = new Negotiator({ headers: { accept } }).mediaType(offered);
  const chosen = (Object.keys(mediaTypes) as Format[]).find((name) => mediaTypes[name] === type);
  if (chosen) return chosen;
  throw new HttpError(406, `Expected one of ${offered.join(', ')} for \`Accept\` but received ${JSON.stringify(accept)}`);
}

/** Throws ERR_MIMDET_INVALID_ARGUMENT where the form has room for one picture only. */
export function checkFormat(format: Format, pictures: number): void {
  if (format === 'png' && pictures > 1) throw expected('one picture for image/png', 'image', new Words(String(pictures)));
}

export async function writeAnswer(outcomes: Outcome[], format: Format, isList: boolean, signal: AbortSignal): Promise<Answer> {
  if (format === 'coco') return coco(outcomes);
  if (format === 'png') return drawn(outcomes[0]!, signal);
  const results = outcomes.map(toJson);
  return { type: `${mediaTypes.json}; charset=utf-8`, headers: {}, body: JSON.stringify(isList ? { results } : results[0]) };
}

function toJson({ picture: { file }, detections, error }: Outcome): object {
  return detections ? { file, ...detections.toJSON() } : { file, error: describeFailure(error) };
}

/** Pictures count from 1. The form has no place for errors: a header names the pictures that failed. */
function coco(outcomes: Outcome[]): Answer {
  const entries = outcomes.flatMap(({ detections }, i) => detections?.toCoco(i + 1) ?? []);
  const failed = outcomes.flatMap(({ detections }, i) => (detections ? [] : [i + 1]));
  const headers: Record<string, string> = failed.length > 0 ? { 'mimdet-failed-images': failed.join(', ') } : {};
  return { type: mediaTypes.coco, headers, body: JSON.stringify(entries) };
}

async function drawn({ picture, detections }: Outcome, signal: AbortSignal): Promise<Answer> {
  const body = await detections!.draw(picture.bytes, { signal });
  return { type: mediaTypes.png, headers: {}, body };
}
