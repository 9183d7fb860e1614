// A data set of any form as the COCO ground truth that `evaluate()` takes.
// Before it: open-dataset. After it: evaluate, in training and in `mimdet eval`.
import { callNative } from '../native.js';
import type { Dataset, DatasetObject, DatasetPicture, DatasetRle } from './dataset.js';

export interface CocoTruth {
  images: { id: number; file_name: string; width: number; height: number }[];
  annotations: CocoTruthAnnotation[];
  categories: { id: number; name: string }[];
}

export interface CocoTruthAnnotation {
  id: number;
  image_id: number;
  category_id: number;
  bbox: [x: number, y: number, width: number, height: number];
  area: number;
  iscrowd: 0 | 1;
  segmentation?: number[][] | DatasetRle;
}

/** Pixels: COCO's own number, else those of the mask, else those of the box. It decides among small, medium and large alone. */
function areaOf({ area, rle, polygons, box: [x1, y1, x2, y2] }: DatasetObject, { width, height }: DatasetPicture): number {
  if (area !== undefined) return area;
  if (rle) return callNative((native) => native.rleArea(rle));
  if (polygons) return callNative((native) => native.rleArea(native.rleFromPolygons(polygons, height, width)));
  return (x2 - x1) * (y2 - y1);
}

/** Pictures' ids and the categories' ids are the data set's; classes of a model are matched by name. */
export function toCoco(dataset: Dataset): CocoTruth {
  const annotations: CocoTruthAnnotation[] = [];
  for (const picture of dataset.pictures) {
    for (const object of picture.objects) {
      const [x1, y1, x2, y2] = object.box;
      const annotation: CocoTruthAnnotation = {
        id: object.id,
        image_id: picture.id,
        category_id: dataset.categoryIds[object.classId]!,
        bbox: [x1, y1, x2 - x1, y2 - y1],
        area: areaOf(object, picture),
        iscrowd: object.crowd ? 1 : 0,
      };
      const segmentation = object.rle ?? object.polygons;
      if (segmentation) annotation.segmentation = segmentation;
      annotations.push(annotation);
    }
  }
  const images = dataset.pictures.map(({ id, file, width, height }) => ({ id, file_name: file, width, height }));
  const categories = dataset.classes.map((name, classId) => ({ id: dataset.categoryIds[classId]!, name }));
  return { images, annotations, categories };
}

/**
 * What is evaluated of a model, with masks or without. Where some objects have no mask, what is found on them would have nothing to be compared with; a model without
 * masks has boxes alone, which the evaluator would take for masks.
 */
export function iouTypesFor(dataset: Pick<Dataset, 'masks'>, masks: boolean): ('bbox' | 'segm')[] {
  return dataset.masks === 'all' && masks ? ['bbox', 'segm'] : ['bbox'];
}
