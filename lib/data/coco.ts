// COCO JSON as a draft: categories by the order of their ids, pictures with their annotations. What cannot be meant is told and
// left out.
// Before it: parts (which JSON). Stations: json-elements → the three lists → joined by ids. After it: check-pictures.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf } from '../errors.js';
import { show } from '../validate.js';
import { pictureFolders } from './coco-pictures.js';
import type { DatasetBox, DatasetFault } from './dataset.js';
import { fault, words, type Draft, type DraftObject, type DraftPicture, type Source } from './draft.js';
import { isNameInside } from './files.js';
import { readElements } from './json-elements.js';

type Entry = Record<string, unknown>;

const keys = ['images', 'annotations', 'categories'] as const;
const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = Number.isSafeInteger as (value: unknown) => value is number;
const isNumber = Number.isFinite as (value: unknown) => value is number;

/** An annotation whose picture and category are not known yet. */
interface Pending {
  object: DraftObject; // its classId is still the category's id
  imageId: number;
}

/** The three lists as they come; names of files are looked at once the folder is known. */
class CocoLists {
  readonly pictures = new Map<number, DraftPicture>();
  readonly categories = new Map<number, string>();
  readonly pending: Pending[] = [];
  readonly #names = new Set<string>();
  readonly #annotationIds = new Set<number>();
  /** Pictures that are told already: their annotations are not told again. */
  readonly #refused = new Set<number>();

  constructor(
    private readonly path: string,
    private readonly faults: DatasetFault[],
  ) {}

  add(key: string, entry: unknown, index: number): void {
    if (!isEntry(entry)) this.#fault('wrong-type', {}, 'an object', `${key}[${index}]`, entry);
    else if (key === 'images') this.#addPicture(entry, index);
    else if (key === 'categories') this.#addCategory(entry, index);
    else this.#addAnnotation(entry, index);
  }

  #fault(code: DatasetFault['code'], where: Partial<DatasetFault>, what: string, name: string, received: unknown): void {
    this.faults.push(fault(code, { file: this.path, ...where }, what, name, received));
  }

  #addPicture(entry: Entry, index: number): void {
    const { id, file_name: name, width, height } = entry;
    if (!isId(id)) return this.#fault('wrong-type', {}, 'a whole number', `images[${index}].id`, id);
    if (this.pictures.has(id)) {
      return this.#fault('duplicate-id', {}, 'ids that occur once', 'images', words(`${id} again, of ${show(name)}`));
    }
    this.#refused.add(id);
    if (typeof name !== 'string' || name === '')
      return this.#fault('wrong-type', {}, 'a name', `images[id ${id}].file_name`, name);
    const isSide = (side: unknown) => side === undefined || side === null || (isId(side) && side > 0);
    if (!isSide(width) || !isSide(height)) {
      const received = words(`${show(width)} x ${show(height)} of picture ${id}`);
      return this.#fault('wrong-size', {}, 'a width and height above 0', name, received);
    }
    const sides = { width: Number(width ?? 0), height: Number(height ?? 0) };
    this.#refused.delete(id);
    this.pictures.set(id, { id, name, file: '', ...sides, source: this.path, objects: [] });
  }

  #addCategory(entry: Entry, index: number): void {
    const { id, name } = entry;
    if (!isId(id)) return this.#fault('wrong-type', {}, 'a whole number', `categories[${index}].id`, id);
    if (typeof name !== 'string' || name === '') {
      return this.#fault('wrong-type', { class: id }, 'a name', `categories[${index}].name`, name);
    }
    if (this.categories.has(id)) {
      return this.#fault(
        'duplicate-id',
        { class: id },
        'ids that occur once',
        'categories',
        words(`${id} again, of ${show(name)}`),
      );
    }
    if (this.#names.has(name)) {
      return this.#fault('duplicate-id', { class: id }, 'names that occur once', 'categories', words(`${show(name)} again`));
    }
    this.#names.add(name);
    this.categories.set(id, name);
  }

  #addAnnotation(entry: Entry, index: number): void {
    const { id, image_id: imageId, category_id: categoryId, bbox, iscrowd, area } = entry;
    if (!isId(id)) return this.#fault('wrong-type', {}, 'a whole number', `annotations[${index}].id`, id);
    const where = { annotation: id };
    if (this.#annotationIds.has(id))
      return this.#fault('duplicate-id', where, 'ids that occur once', 'annotations', words(`${id} again`));
    this.#annotationIds.add(id);
    if (!isId(imageId)) return this.#fault('wrong-type', where, 'a whole number', 'image_id', imageId);
    if (!isId(categoryId)) return this.#fault('wrong-type', where, 'a whole number', 'category_id', categoryId);
    const box = this.#box(bbox, where);
    if (box === false) return;
    const crowd = iscrowd === 1 || iscrowd === true;
    const object: DraftObject = { id, classId: categoryId, box, segmentation: entry['segmentation'] ?? undefined, crowd };
    if (isNumber(area) && area >= 0) object.area = area;
    this.pending.push({ object, imageId });
  }

  /** COCO's x, y, width, height as corners; false where that is no box. */
  #box(bbox: unknown, where: { annotation: number }): DatasetBox | undefined | false {
    if (bbox === undefined || bbox === null) return undefined;
    if (!Array.isArray(bbox) || bbox.length !== 4) {
      this.#fault('wrong-type', where, 'four numbers x, y, width, height', 'bbox', bbox);
      return false;
    }
    if (!bbox.every(isNumber)) {
      this.#fault('not-a-number', where, 'four finite numbers', 'bbox', bbox);
      return false;
    }
    const [x, y, width, height] = bbox as [number, number, number, number];
    return [x, y, x + width, y + height];
  }

  /** Gives each annotation to its picture, with its class by number. */
  join(categoryIds: readonly number[]): void {
    const classIds = new Map(categoryIds.map((id, classId) => [id, classId]));
    for (const { object, imageId } of this.pending) {
      const where = { annotation: object.id, class: object.classId };
      const classId = classIds.get(object.classId);
      const picture = this.pictures.get(imageId);
      if (classId === undefined) {
        this.#fault('unknown-category', where, 'the id of a category', 'category_id', object.classId);
      } else if (!picture) {
        if (!this.#refused.has(imageId))
          this.#fault('unknown-picture', { annotation: object.id }, 'the id of a picture', 'image_id', imageId);
      } else {
        object.classId = classId;
        picture.objects.push(object);
      }
    }
    this.pending.length = 0;
  }
}

const exists = async (file: string) => (await stat(file).catch(() => null)) !== null;

/** The first folder where one of a few pictures lies. */
async function folderOf(
  path: string,
  pictures: readonly DraftPicture[],
  chosen: string | undefined,
): Promise<string | undefined> {
  if (chosen !== undefined) return chosen;
  const folders = pictureFolders(path);
  const step = Math.max(1, Math.floor(pictures.length / 10));
  for (let i = 0; i < pictures.length; i += step) {
    const { name } = pictures[i]!;
    for (const folder of folders) if (isNameInside(folder, name) && (await exists(resolve(folder, name)))) return folder;
  }
  return undefined;
}

/** Sets each picture's file; those that lie elsewhere are told and left out. */
async function locate(
  path: string,
  pictures: DraftPicture[],
  chosen: string | undefined,
  faults: DatasetFault[],
): Promise<DraftPicture[]> {
  const found = await folderOf(path, pictures, chosen);
  if (found === undefined && pictures.length > 0) {
    const tried = pictureFolders(path).join(', ');
    faults.push(
      fault('missing-picture', { file: path }, `pictures in one of ${tried} (or \`--images DIR\`)`, 'images', words('none')),
    );
  }
  const folder = resolve(found ?? pictureFolders(path).at(-1)!);
  return pictures.filter((picture) => {
    picture.file = resolve(folder, picture.name);
    if (isNameInside(folder, picture.name)) return true;
    faults.push(
      fault(
        'path-outside',
        { file: path },
        'a name inside the folder of the pictures',
        `images[id ${picture.id}].file_name`,
        picture.name,
      ),
    );
    return false;
  });
}

/** The three lists, or undefined where the document has not got them. */
async function readLists(path: string, faults: DatasetFault[], signal?: AbortSignal): Promise<CocoLists | undefined> {
  const lists = new CocoLists(path, faults);
  const where = { file: path, fatal: true };
  try {
    const kinds = await readElements(path, new Set(keys), (key, entry, index) => lists.add(key, entry, index), signal);
    const missing = keys.filter((key) => kinds.get(key) !== 'list');
    for (const key of missing) {
      faults.push(fault('wrong-type', where, 'a list', key, words(kinds.has(key) ? 'something else' : 'nothing')));
    }
    return missing.length === 0 ? lists : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    const what = 'a COCO JSON (an object with images, annotations and categories)';
    faults.push(fault('unreadable-file', where, what, path, words(reason(error))));
    return undefined;
  }
}

async function readCocoDraft(
  path: string,
  images: string | undefined,
  faults: DatasetFault[],
  signal?: AbortSignal,
): Promise<Draft | undefined> {
  const lists = await readLists(path, faults, signal);
  if (!lists) return undefined;
  const none = lists.categories.size === 0;
  if (none) faults.push(fault('unknown-category', { file: path }, 'at least one category', 'categories', words('none')));
  const categoryIds = [...lists.categories.keys()].sort((a, b) => a - b);
  lists.join(categoryIds);
  const pictures = await locate(path, [...lists.pictures.values()], images, faults);
  const classes = categoryIds.map((id) => lists.categories.get(id)!);
  return { name: path, form: 'coco', classes, labels: categoryIds, categoryIds, pictures, fractions: false };
}

function reason(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'no such file';
  return code || (error as Error).message;
}

/** A COCO JSON. @param images the folder of its pictures, where it is not to be found by itself */
export function cocoSource(path: string, images?: string): Source {
  return { name: path, form: 'coco', read: (faults, signal) => readCocoDraft(path, images, faults, signal) };
}
