// YOLO: data.yaml with names and parts, one text of labels a picture in `labels` beside `images` (or beside the picture).
// Before it: parts. Stations: readYoloYaml → its parts → label files. After it: check-pictures, which tells the fractions'
// pixels.
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { parseDocument } from 'yaml';
import type { DatasetFault } from './dataset.js';
import { fault, forEachBounded, words, type Draft, type DraftPicture, type Source } from './draft.js';
import { isFile, isFolder, isInside, picturesBelow, readText } from './files.js';
import { parseLabels } from './yolo-labels.js';

const largestYaml = 4 << 20;
const largestLabels = 64 << 20;
const largestList = 256 << 20;
const filesAtOnce = 16;

/** What a data.yaml (or classes.txt) says. */
export interface YoloSet {
  /** The file that says it, for messages. */
  file: string;
  /** Nothing outside is read. */
  root: string;
  /** Names by class number. */
  names: Map<number, string>;
  /** Folders and lists of pictures as they are written. */
  train: string[];
  val: string[];
}

const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((entry): entry is string => typeof entry === 'string' && entry !== '');

/** YAML reads a name such as 7 or `no` as something else than a text. */
const nameOf = (value: unknown) => (['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '');

/** A list, or a map from numbers. Names occur once. */
function namesOf(value: unknown): Map<number, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value).map(([key, name]): [number, string] => [Number(key), nameOf(name)]);
  const fits = entries.every(([key, name]) => Number.isSafeInteger(key) && key >= 0 && name !== '');
  const isUnique = new Set(entries.map(([, name]) => name)).size === entries.length;
  return fits && isUnique && entries.length > 0 ? new Map(entries.sort((a, b) => a[0] - b[0])) : undefined;
}

/** `path` is where the parts' paths start; one that leads out of the file's own folder is not followed. */
async function rootOf(file: string, path: unknown): Promise<string> {
  const folder = dirname(resolve(file));
  if (typeof path !== 'string') return folder;
  const named = resolve(folder, path);
  return isInside(folder, named) && (await isFolder(named)) ? named : folder;
}

/** Tells what is wrong, and gives undefined where nothing can be used. */
export async function readYoloYaml(file: string, faults: DatasetFault[]): Promise<YoloSet | undefined> {
  const where = { file, fatal: true };
  let document: unknown;
  try {
    const parsed = parseDocument(await readText(file, largestYaml), { logLevel: 'silent', schema: 'core' });
    if (parsed.errors[0]) throw parsed.errors[0];
    document = parsed.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const why = (error as Error).message.split('\n')[0]!.replace(/:$/, '');
    faults.push(fault('unreadable-file', where, 'YAML with names, train and val', basename(file), words(why)));
    return undefined;
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    faults.push(fault('unreadable-file', where, 'YAML with names, train and val', basename(file), document));
    return undefined;
  }
  const { path, train, val, names: given } = document as Record<string, unknown>;
  const names = namesOf(given) ?? noNames(file, given, faults);
  return names && { file, root: await rootOf(file, path), names, train: textsOf(train), val: textsOf(val) };
}

function noNames(file: string, given: unknown, faults: DatasetFault[]): undefined {
  const received = given === undefined ? words('nothing') : given;
  faults.push(fault('wrong-type', { file, fatal: true }, 'a list or map of different class names', 'names', received));
}

/** The names of a classes.txt, one a line. Tells what is wrong, and gives undefined where nothing can be used. */
export async function readClassList(file: string, faults: DatasetFault[]): Promise<YoloSet['names'] | undefined> {
  try {
    const lines = (await readText(file, largestYaml)).split(/\r?\n/).map((line) => line.trim());
    const given = lines.filter((line) => line !== '');
    return namesOf(given) ?? noNames(file, given, faults);
  } catch (error) {
    faults.push(fault('unreadable-file', { file, fatal: true }, 'names of classes', basename(file), words((error as Error).message)));
    return undefined;
  }
}

/** A written path inside the root. Exports of some tools say `../train/images` and mean `train/images`. */
async function inside(set: YoloSet, written: string, faults: DatasetFault[]): Promise<string | undefined> {
  const folder = dirname(resolve(set.file));
  const tries = [resolve(set.root, written), resolve(folder, written), resolve(folder, written.replace(/^(\.\.[\\/])+/, ''))];
  for (const path of tries) if (isInside(folder, path) && ((await isFolder(path)) || (await isFile(path)))) return path;
  const code = isInside(folder, tries[0]!) ? 'missing-picture' : 'path-outside';
  faults.push(
    fault(
      code,
      { file: set.file },
      'a folder or list of pictures inside the folder of the data set',
      basename(set.file),
      written,
    ),
  );
  return undefined;
}

/** The pictures of a folder, or those that a text lists, one a line. */
async function picturesOf(set: YoloSet, path: string, faults: DatasetFault[]): Promise<string[]> {
  if (await isFolder(path)) return picturesBelow(path);
  const text = await readText(path, largestList).catch((error: unknown) => {
    faults.push(fault('unreadable-file', { file: path }, 'a list of pictures', basename(path), words((error as Error).message)));
    return '';
  });
  const folder = dirname(resolve(set.file));
  const pictures: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const name = line.trim();
    if (name === '') continue;
    const tries = [resolve(dirname(path), name), resolve(set.root, name)].filter(
      (file) => isInside(folder, file) && !name.includes('\0'),
    );
    if (tries.length === 0)
      faults.push(fault('path-outside', { file: path }, 'a name inside the folder of the data set', basename(path), name));
    else pictures.push((await isFile(tries[0]!)) ? tries[0]! : (tries[1] ?? tries[0]!));
  }
  return pictures;
}

/** `images/train/a.jpg` → `labels/train/a.txt`; without a folder `images` the text lies beside the picture. */
export function labelFile(root: string, picture: string): string {
  const parts = relative(root, picture).split(sep);
  const at = parts.lastIndexOf('images', parts.length - 2);
  if (at >= 0) parts[at] = 'labels';
  const text = join(root, ...parts);
  return `${text.slice(0, text.length - extname(text).length)}.txt`;
}

/** No file: a picture without objects. */
async function readLabels(file: string, classIds: ReadonlyMap<number, number>, faults: DatasetFault[], signal?: AbortSignal) {
  if (!(await isFile(file))) return [];
  try {
    return parseLabels(await readText(file, largestLabels, signal), file, classIds, faults);
  } catch (error) {
    signal?.throwIfAborted();
    faults.push(fault('unreadable-file', { file }, 'lines of labels', basename(file), words((error as Error).message)));
    return [];
  }
}

async function readYoloDraft(set: YoloSet, parts: string[], faults: DatasetFault[], signal?: AbortSignal): Promise<Draft> {
  const files = new Set<string>();
  for (const part of parts) {
    const path = await inside(set, part, faults);
    for (const file of path === undefined ? [] : await picturesOf(set, path, faults)) files.add(file);
  }
  const folder = dirname(resolve(set.file));
  const classIds = new Map([...set.names.keys()].map((number, classId) => [number, classId]));
  const pictures = [...files].map((file, i): DraftPicture => {
    return { id: i + 1, name: relative(folder, file), file, width: 0, height: 0, source: labelFile(folder, file), objects: [] };
  });
  const found = pictures.map((): DatasetFault[] => []); // told in the order of the pictures
  await forEachBounded(
    pictures,
    filesAtOnce,
    async (picture, i) => {
      picture.objects = await readLabels(picture.source, classIds, found[i]!, signal);
    },
    signal,
  );
  for (const each of found) for (const one of each) faults.push(one);
  const classes = [...set.names.values()];
  const categoryIds = classes.map((_, i) => i + 1);
  return { name: set.file, form: 'yolo', classes, labels: [...set.names.keys()], categoryIds, pictures, fractions: true };
}

export function yoloSource(set: YoloSet, parts: string[]): Source {
  return { name: set.file, form: 'yolo', read: (faults, signal) => readYoloDraft(set, parts, faults, signal) };
}
