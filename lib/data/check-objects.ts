// A draft with its pictures' true sizes becomes a Dataset: boxes in pixels and inside, masks that can be used. Others are told
// and left out.
// Before it: check-pictures. After it: open-dataset.
import { boundsOf, checkMask, type Place } from './check-masks.js';
import type { Dataset, DatasetBox, DatasetFault, DatasetObject, DatasetPicture } from './dataset.js';
import { fault, words, type Draft, type DraftObject, type DraftPicture } from './draft.js';

/** Boxes that reach out of the picture by no more (rounding, VOC's counting from 1) are clipped, in pixels. */
const tolerance = 1;

/** The box clipped to the picture, or what is wrong with it. */
function clipBox(box: DatasetBox, { width, height, where }: Place, fractions: boolean): DatasetBox | DatasetFault {
  const [x1, y1, x2, y2] = box;
  const shown = words(`x ${x1} … ${x2}, y ${y1} … ${y2}`);
  if (!box.every(Number.isFinite)) return fault('not-a-number', where, 'finite numbers', 'box', shown);
  if (!hasArea(box)) return fault('no-area', where, 'a width and height above 0', 'box', shown);
  if (x1 < -tolerance || y1 < -tolerance || x2 > width + tolerance || y2 > height + tolerance) {
    const hint = fractions ? ' (coordinates are fractions of its sides)' : '';
    return fault('box-outside', where, `a box in the picture of ${width} x ${height}${hint}`, 'box', shown);
  }
  const clipped: DatasetBox = [Math.max(0, x1), Math.max(0, y1), Math.min(width, x2), Math.min(height, y2)];
  return hasArea(clipped) ? clipped : fault('box-outside', where, `a box in the picture of ${width} x ${height}`, 'box', shown);
}

/** In the model's own float32: a side that rounds to 0 has no logarithm. */
const hasArea = ([x1, y1, x2, y2]: DatasetBox) => Math.fround(x2) > Math.fround(x1) && Math.fround(y2) > Math.fround(y1);

function checkObject(draft: DraftObject, place: Place): DatasetObject | DatasetFault {
  const [sx, sy] = place.scale;
  const fractions = sx !== 1 || sy !== 1;
  const mask = checkMask(draft.segmentation, place);
  if ('fault' in mask) return mask.fault;
  const given = draft.box;
  const box = given ? ([given[0] * sx, given[1] * sy, given[2] * sx, given[3] * sy] as DatasetBox) : boundsOf(mask);
  if (!box) return fault('no-area', place.where, 'a box or a mask', 'bbox', words('neither'));
  const clipped = clipBox(box, place, fractions);
  if (!Array.isArray(clipped)) return clipped;
  const { id, classId, crowd } = draft;
  const object: DatasetObject = { id, classId, box: clipped, ...mask, crowd };
  if (draft.area !== undefined) object.area = draft.area;
  return object;
}

function checkPicture(picture: DraftPicture, draft: Draft, faults: DatasetFault[]): DatasetPicture {
  const { id, file, width, height, source } = picture;
  const scale: [number, number] = draft.fractions ? [width, height] : [1, 1];
  const objects: DatasetObject[] = [];
  for (const each of picture.objects) {
    const found = checkObject(each, {
      width,
      height,
      scale,
      where: { file: source, annotation: each.id, class: draft.labels[each.classId] },
    });
    if ('code' in found) faults.push(found);
    else objects.push(found);
  }
  picture.objects = []; // what is not used any more can go
  return { id, file, width, height, objects };
}

/** How many of the objects that are learnt have a mask. */
export function maskCount(pictures: readonly DatasetPicture[]): { objects: number; masks: number } {
  let [objects, masks] = [0, 0];
  for (const picture of pictures) {
    for (const object of picture.objects) {
      if (object.crowd) continue;
      objects++;
      if (object.polygons || object.rle) masks++;
    }
  }
  return { objects, masks };
}

export function masksOf(pictures: readonly DatasetPicture[]): Dataset['masks'] {
  const { objects, masks } = maskCount(pictures);
  if (masks === 0) return 'none';
  return masks === objects ? 'all' : 'some';
}

/** @param needed nothing can be done with a data set in which no picture has an object */
export function checkObjects(draft: Draft, faults: DatasetFault[], needed: boolean): Dataset {
  const pictures = draft.pictures.map((picture) => checkPicture(picture, draft, faults));
  if (maskCount(pictures).objects === 0) {
    const where = { file: draft.name, ...(needed ? { fatal: true } : {}) };
    faults.push(fault('no-objects', where, 'a picture with an object that can be used', 'annotations', words('none')));
  }
  if (draft.form !== 'coco') {
    let id = 0;
    for (const picture of pictures) for (const object of picture.objects) object.id = ++id;
  }
  const { name, form, classes, categoryIds } = draft;
  return { name, form, classes, categoryIds, pictures, masks: masksOf(pictures) };
}
