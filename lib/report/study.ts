// The evaluation that the report shows: AP with its curves, confusion, a verdict on each picture. Before it: report.ts. After
// it: sections.
import { iouTypesFor, toCoco } from '../data/to-coco.js';
import { evaluate } from '../evaluator.js';
import { expected, Words } from '../validate.js';
import type { Study, Validation } from './report-input.js';

export async function studyOf(validation: Validation, signal?: AbortSignal): Promise<Study> {
  const { dataset, detections, masks = true, maxDets = 100, scoreThreshold = 0.5 } = validation;
  if (detections.length !== dataset.pictures.length) {
    const what = `detections of ${dataset.pictures.length} pictures`;
    throw expected(what, 'validation.detections', new Words(`of ${detections.length}`));
  }
  const results = detections.map((found, i) => ({ imageId: dataset.pictures[i]!.id, detections: found }));
  const summary = await evaluate(toCoco(dataset), results, {
    iouTypes: iouTypesFor(dataset, masks),
    maxDets,
    curves: true,
    confusion: { scoreThreshold },
    signal,
  });
  return { ...validation, summary };
}
