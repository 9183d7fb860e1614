// What the server found, as the page holds it: checked, masks decoded, filtered, looked up by place, written out again.
// Before it: client. After it: state, and through it everything that shows something.
import { areaOf, decodeRuns, isInside } from './run-lengths.js';

/**
 * The object of a picture (one alone, or the only one in `results`).
 * @returns {{ file: string, width: number, height: number, instances: object[], ms: object }} throws where it is of another shape
 */
export function readResult(answer) {
  const { file = '', width, height, instances, ms = {}, error } = answer?.results?.[0] ?? answer ?? {};
  if (error)
    throw Object.assign(new Error(error.message), {
      problem: { title: 'No result', detail: error.message, code: error.code },
    });
  const fits = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0 && Array.isArray(instances);
  if (!fits) throw new Error('The answer holds no detections');
  return {
    file,
    width,
    height,
    ms,
    instances: instances.map((entry, index) => readInstance(entry, index, width * height)),
  };
}

function readInstance({ class: name, classId, score, box, mask }, index, pixels) {
  const ends = mask ? runsOf(mask, pixels) : null;
  const area = ends ? areaOf(ends) : (box[2] - box[0]) * (box[3] - box[1]);
  return { index, name: String(name), classId, score, box, mask, ends, area };
}

/** null, and so no mask, where the text is none. */
function runsOf({ counts }, pixels) {
  try {
    return decodeRuns(counts, pixels);
  } catch {
    return null;
  }
}

/** Those of a score above the threshold whose class is not hidden, in the same order. @param {Set<string>} hidden names */
export function visibleOf(instances, threshold, hidden) {
  return instances.filter(({ score, name }) => score > threshold && !hidden.has(name));
}

/** Classes in the order of their ids, with the number of instances above the threshold. */
export function countClasses(instances, threshold) {
  const classes = new Map();
  for (const { name, classId, score } of instances) {
    const entry = classes.get(name) ?? { name, classId, count: 0 };
    entry.count += score > threshold ? 1 : 0;
    classes.set(name, entry);
  }
  return [...classes.values()].sort((a, b) => a.classId - b.classId);
}

/** The smallest instance whose mask (else whose box) holds the point, or null. Coordinates are pixels of the picture. */
export function instanceAt(instances, height, x, y) {
  const near = instances.filter(({ box: [x1, y1, x2, y2] }) => x >= x1 - 1 && x < x2 + 1 && y >= y1 - 1 && y < y2 + 1);
  const place = Math.floor(x) * height + Math.floor(y);
  const within = near.filter(({ ends }) => ends && isInside(ends, place));
  return smallest(within) ?? smallest(near);
}

const smallest = (instances) => instances.reduce((best, each) => (best && best.area <= each.area ? best : each), null);

/** The object of a line of `mimdet detect --format jsonl`, with the given instances. */
export function toJson({ file, width, height, ms }, instances) {
  const entries = instances.map(({ name, classId, score, box, mask }) => ({
    class: name,
    classId,
    score,
    box,
    ...(mask && { mask }),
  }));
  return { file, width, height, instances: entries, ms };
}

/** Entries of a COCO result file; category ids are class ids plus one. */
export function toCoco(instances, imageId) {
  return instances.map(({ classId, score, box: [x1, y1, x2, y2], mask }) => ({
    image_id: imageId,
    category_id: classId + 1,
    bbox: [x1, y1, x2 - x1, y2 - y1],
    score,
    ...(mask && { segmentation: mask }),
  }));
}
