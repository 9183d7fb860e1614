// What `mimdet draw` can draw: lines of `detect --format jsonl`, the annotations of a COCO data set, or a COCO result file
// with its data set.
// Before it: the file that a user names. After it: draw, one picture after the other.
import { join } from 'node:path';
import { Detections, type DetectionsJson } from '../index.js';
import { callNative } from '../native.js';
import {
  asCoco,
  datasetError,
  parseJson,
  readCoco,
  readDataFile,
  type CocoAnnotation,
  type CocoFile,
  type CocoImage,
  type CocoSegmentation,
} from '../data/coco-file.js';
import { findPictures, pictureAt } from '../data/coco-pictures.js';

/** One picture with what is to be drawn on it; the making may fail, and then for this picture only. */
export interface Sheet {
  file: string;
  make(): Detections;
}

type Mask = NonNullable<DetectionsJson['instances'][number]['mask']>;
type Corners = [x1: number, y1: number, x2: number, y2: number];

function maskOf(segmentation: CocoSegmentation | undefined, height: number, width: number): Mask | undefined {
  if (!segmentation || (Array.isArray(segmentation) && segmentation.length === 0)) return undefined;
  if (Array.isArray(segmentation)) return callNative((native) => native.rleFromPolygons(segmentation, height, width));
  const { size, counts } = segmentation;
  return Array.isArray(counts) ? callNative((native) => native.rleFromRuns(counts, height, width)) : { size, counts };
}

/** COCO's x, y, width, height as corners; without a box that of the mask's bitmap. */
function cornersOf(annotation: CocoAnnotation, mask: Mask | undefined): Corners {
  const { bbox } = annotation;
  if (bbox) return [bbox[0]!, bbox[1]!, bbox[0]! + bbox[2]!, bbox[1]! + bbox[3]!];
  const rings = mask ? callNative((native) => native.rleToPolygons(mask)).flat() : [];
  const [xs, ys] = [rings.filter((_, i) => i % 2 === 0), rings.filter((_, i) => i % 2 === 1)];
  const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b), -Infinity);
  return xs.length > 0 ? [least(xs), least(ys), most(xs), most(ys)] : [0, 0, 0, 0];
}

function detectionsOf(image: CocoImage, annotations: CocoAnnotation[], data: CocoFile): Detections {
  const { width, height } = image;
  const instances = annotations.map((annotation) => {
    const classId = data.categories.findIndex(({ id }) => id === annotation.category_id);
    if (classId < 0)
      throw datasetError(
        'a category of the data set',
        `annotation ${annotation.id ?? '?'}`,
        `category_id ${annotation.category_id}`,
      );
    const mask = maskOf(annotation.segmentation, height as number, width as number);
    const found = {
      class: data.categories[classId]!.name,
      classId,
      score: annotation.score ?? 1,
      box: cornersOf(annotation, mask),
    };
    return mask ? { ...found, mask } : found;
  });
  return Detections.fromJSON({ width, height, instances });
}

async function cocoSheets(
  data: CocoFile,
  annotations: CocoAnnotation[],
  path: string,
  images: string | undefined,
): Promise<Sheet[]> {
  const folder = await findPictures(path, data.images, images);
  const byImage = new Map<number, CocoAnnotation[]>(data.images.map(({ id }) => [id, []]));
  for (const annotation of annotations) {
    const list = byImage.get(annotation.image_id);
    if (!list) throw datasetError('annotations of pictures of the data set', path, `image_id ${annotation.image_id}`);
    list.push(annotation);
  }
  return data.images.map((image) => ({
    file: pictureAt(folder, image, path),
    make: () => detectionsOf(image, byImage.get(image.id) ?? [], data),
  }));
}

/** Lines with an error have nothing to draw and are passed over. */
function lineSheets(text: string, path: string, images: string | undefined): Sheet[] {
  const sheets: Sheet[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const entry = parseJson(line, `${path}:${i + 1}`) as { file?: unknown; error?: unknown } | null;
    if (typeof entry?.file !== 'string') throw datasetError('an object with `file`', `${path}:${i + 1}`, line.slice(0, 100));
    if (entry.error !== undefined) continue;
    sheets.push({ file: images === undefined ? entry.file : join(images, entry.file), make: () => Detections.fromJSON(entry) });
  }
  return sheets;
}

/** Lines of JSON begin with an object that has a `file`; a data set is one object, a result file one array. */
const isLines = (text: string) => /^\s*\{\s*"file"\s*:/.test(text);

/**
 * @param data the data set that a result file belongs to
 * @param images the folder of the pictures
 * @throws ERR_MIMDET_DATASET where the file is none of the three
 */
export async function readSheets(path: string, data: string | undefined, images: string | undefined): Promise<Sheet[]> {
  const text = (await readDataFile(path)).toString('utf8');
  if (isLines(text)) return lineSheets(text, path, images);
  const value = parseJson(text, path);
  if (!Array.isArray(value)) {
    const truth = asCoco(value, path);
    return cocoSheets(truth, truth.annotations, path, images);
  }
  if (data === undefined) throw datasetError('--data with the data set of a COCO result file', path, 'none');
  const truth = await readCoco(data);
  const results = asCoco({ ...truth, annotations: value }, path).annotations;
  return cocoSheets(truth, results, data, images);
}
