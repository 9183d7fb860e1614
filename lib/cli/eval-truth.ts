// What `eval` compares with. A COCO JSON goes to the evaluator as it is, so that numbers are pycocotools' own; VOC and YOLO are
// made COCO first, and their faults are told.
// Before it: --data and --images. After it: predict, evaluate.
import { checkReport } from '../data/check-report.js';
import { asCoco, parseJson, readDataFile } from '../data/coco-file.js';
import { findPictures, pictureAt } from '../data/coco-pictures.js';
import type { Dataset } from '../data/dataset.js';
import { findForEvaluation, openDataset } from '../data/open-dataset.js';
import { toCoco } from '../data/to-coco.js';
import type { GroundTruth } from '../index.js';
import { categoryIdsOf } from './coco-ids.js';
import type { Questions } from './predict.js';

export interface Truth {
  /** For `evaluate()`; asked for after the model has answered. */
  document(): GroundTruth;
  /** Whether its objects have masks. */
  masks: boolean;
  /** How much of it could not be used. */
  faults: number;
  questions(): Promise<Questions>;
}

async function cocoTruth(path: string, images: string | undefined): Promise<Truth> {
  const bytes = await readDataFile(path);
  const questions = async () => {
    const data = asCoco(parseJson(bytes.toString('utf8'), path), path);
    const folder = await findPictures(path, data.images, images);
    const pictures = data.images.map((image) => ({ id: image.id, file: pictureAt(folder, image, path) }));
    return { pictures, categoryIds: (classes: readonly string[]) => categoryIdsOf(data, classes, path) };
  };
  return { document: () => path, masks: bytes.includes('"segmentation"'), faults: 0, questions };
}

/** VOC names only the classes that occur: the model's others are added, unless it knows none of those. */
function addClasses(dataset: Dataset, classes: readonly string[]): void {
  const known = new Set(dataset.classes);
  if (dataset.form !== 'voc' || !classes.some((name) => known.has(name))) return;
  for (const name of classes) {
    if (known.has(name)) continue;
    dataset.classes.push(name);
    dataset.categoryIds.push(Math.max(...dataset.categoryIds) + 1);
  }
}

async function datasetTruth(path: string, signal: AbortSignal): Promise<Truth> {
  const { dataset, faults } = await openDataset(path, { signal });
  process.stderr.write(checkReport(faults));
  const categoryIds = (classes: readonly string[]) => {
    addClasses(dataset, classes);
    return categoryIdsOf(toCoco({ ...dataset, pictures: [] }), classes, path);
  };
  const questions = async () => ({ pictures: dataset.pictures, categoryIds });
  return { document: () => toCoco(dataset), masks: dataset.masks === 'all', faults: faults.length, questions };
}

/** @throws ERR_MIMDET_DATASET where nothing of the data can be used */
export async function openTruth({ data, images }: { data: string; images?: string }, signal: AbortSignal): Promise<Truth> {
  const source = await findForEvaluation(data, images);
  return source.form === 'coco' ? cocoTruth(source.name, images) : datasetTruth(data, signal);
}
