// Reading a COCO JSON as far as the command line needs it: pictures, categories, annotations. The evaluator checks the rest
// by itself.
// Before it: --data. After it: coco-ids, coco-pictures, eval, draw.
import { readFile } from 'node:fs/promises';
import { MimdetError } from '../errors.js';

export interface CocoImage {
  id: number;
  file_name: string;
  width?: number;
  height?: number;
}

export interface CocoCategory {
  id: number;
  name: string;
}

export type CocoSegmentation = number[][] | { size: [number, number]; counts: string | number[] };

export interface CocoAnnotation {
  id?: number;
  image_id: number;
  category_id: number;
  bbox?: number[];
  segmentation?: CocoSegmentation;
  iscrowd?: number;
  score?: number;
}

export interface CocoFile {
  images: CocoImage[];
  categories: CocoCategory[];
  annotations: CocoAnnotation[];
}

export function datasetError(what: string, path: string, received: string, cause?: unknown): MimdetError {
  return new MimdetError(
    'ERR_MIMDET_DATASET',
    `Expected ${what} for \`${path}\` but received ${received}`,
    cause === undefined ? undefined : { cause },
  );
}

/** The text of a file that holds a data set or results. @throws ERR_MIMDET_DATASET where it cannot be read */
export async function readDataFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw datasetError('a file that can be read', path, (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
}

export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw datasetError('JSON', path, (error as Error).message, error);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function list<T>(
  file: Record<string, unknown>,
  key: string,
  path: string,
  fits: (entry: Record<string, unknown>) => boolean,
  what: string,
): T[] {
  const entries = file[key];
  if (!Array.isArray(entries)) throw datasetError(`an array \`${key}\``, path, key in file ? 'something else' : 'none');
  const wrong = entries.findIndex((entry) => !isRecord(entry) || !fits(entry));
  if (wrong >= 0) throw datasetError(what, path, `${key}[${wrong}] = ${JSON.stringify(entries[wrong])?.slice(0, 200)}`);
  return entries as T[];
}

/** @throws ERR_MIMDET_DATASET naming the file and the entry that is not as COCO says */
export function asCoco(value: unknown, path: string): CocoFile {
  if (!isRecord(value))
    throw datasetError('a COCO data set (an object with images, annotations and categories)', path, 'something else');
  const isId = Number.isSafeInteger;
  return {
    images: list(
      value,
      'images',
      path,
      (i) => isId(i['id']) && typeof i['file_name'] === 'string',
      'pictures with a whole `id` and a `file_name`',
    ),
    categories: list(
      value,
      'categories',
      path,
      (c) => isId(c['id']) && typeof c['name'] === 'string',
      'categories with a whole `id` and a `name`',
    ),
    annotations: list(
      value,
      'annotations',
      path,
      (a) => isId(a['image_id']) && isId(a['category_id']),
      'annotations with whole `image_id` and `category_id`',
    ),
  };
}

export async function readCoco(path: string): Promise<CocoFile> {
  return asCoco(parseJson((await readDataFile(path)).toString('utf8'), path), path);
}
