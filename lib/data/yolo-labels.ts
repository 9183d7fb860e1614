// One text of YOLO's labels: `class cx cy w h`, or `class x y x y x y …`, as fractions of the picture's sides.
// Before it: yolo. After it: drafts of objects, numbered by their lines.
import { isDecimal } from '../validate.js';
import type { DatasetBox, DatasetFault } from './dataset.js';
import { boundsOf } from './check-masks.js';
import { fault, words, type DraftObject } from './draft.js';

const shown = (line: string) => words(JSON.stringify(line.slice(0, 100)));

/** The coordinates after the class: centre and size, or a polygon of which the box is the least around it. */
function shapeOf(numbers: number[]): Pick<DraftObject, 'box' | 'segmentation'> {
  if (numbers.length !== 4) return { box: boundsOf({ polygons: [numbers] }), segmentation: [numbers] };
  const [x, y, width, height] = numbers as DatasetBox;
  return { box: [x - width / 2, y - height / 2, x + width / 2, y + height / 2] };
}

function labelOf(line: string, number: number, file: string, classIds: ReadonlyMap<number, number>): DraftObject | DatasetFault {
  const [label, ...coordinates] = line.split(/\s+/) as [string, ...string[]];
  const where = { file, annotation: number, class: isDecimal(label) ? Number(label) : label.slice(0, 100) };
  if (![label, ...coordinates].every(isDecimal))
    return fault('not-a-number', where, 'numbers', 'labels', shown(line));
  const fits = coordinates.length === 4 || (coordinates.length >= 6 && coordinates.length % 2 === 0);
  if (!fits) return fault('wrong-type', where, 'class cx cy w h, or class and at least three points x y', 'labels', shown(line));
  const classId = classIds.get(Number(label));
  if (classId === undefined)
    return fault('unknown-category', where, 'the number of a class in names', 'labels', words(`class ${label}`));
  return { id: number, classId, ...shapeOf(coordinates.map(Number)), crowd: false };
}

/** Lines that cannot be meant go to `faults`; empty ones are passed over. */
export function parseLabels(
  text: string,
  file: string,
  classIds: ReadonlyMap<number, number>,
  faults: DatasetFault[],
): DraftObject[] {
  const objects: DraftObject[] = [];
  text.split(/\r\n|\n|\r/).forEach((line, i) => {
    if (line.trim() === '') return;
    const found = labelOf(line.trim(), i + 1, file, classIds);
    if ('code' in found) faults.push(found);
    else objects.push(found);
  });
  return objects;
}
