// Which form a path has, and which parts lie in it: by what is there, never by what a user says.
// Before it: the path. After it: open-dataset, which reads the sources that are found.
import { join, resolve } from 'node:path';
import { cocoSource } from './coco.js';
import type { DatasetFault } from './dataset.js';
import { fault, words, type Source } from './draft.js';
import { isFile, isFolder, isPictureName, namesIn } from './files.js';
import { readText } from './files.js';
import { vocSource, type VocPlace } from './voc.js';
import { readClassList, readYoloYaml, yoloSource, type YoloSet } from './yolo.js';

/** `whole`: pictures that no part claims. */
export interface Parts {
  train?: Source;
  val?: Source;
  whole?: Source;
}

type Finder = (folder: string, images: string | undefined, faults: DatasetFault[]) => Promise<Parts | undefined>;

const stems = {
  train: /^(instances_)?(train|training)(20\d\d)?$/i,
  val: /^(instances_)?(val|valid|validation)(20\d\d)?$/i,
};
const wholeStems = /^(_?annotations(\.coco)?|instances.*|coco|labels|data|dataset|all)$/i;
const stemOf = (name: string) => name.replace(/\.[^.]*$/, '');

/** JSON files by name: `train.json`, `annotations/instances_val2017.json`, Roboflow's `_annotations.coco.json`. */
const findCocoParts: Finder = async (folder, images) => {
  const folders = [folder, join(folder, 'annotations')];
  const files: [stem: string, path: string][] = [];
  for (const each of folders) {
    for (const name of await namesIn(each)) if (/\.json$/i.test(name)) files.push([stemOf(name), join(each, name)]);
  }
  const of = (pattern: RegExp) => files.find(([stem]) => pattern.test(stem))?.[1];
  const [train, val] = [of(stems.train), of(stems.val)];
  const source = (path: string | undefined) => (path === undefined ? undefined : cocoSource(path, images));
  if (train !== undefined || val !== undefined) return { train: source(train), val: source(val) };
  const whole = of(wholeStems) ?? (files.length === 1 ? files[0]![1] : undefined);
  return whole === undefined ? undefined : { whole: source(whole) };
};

async function yoloParts(file: string, faults: DatasetFault[]): Promise<Parts> {
  const set = await readYoloYaml(file, faults);
  if (!set) return {};
  const part = (written: string[]) => (written.length > 0 ? yoloSource(set, written) : undefined);
  if (set.train.length > 0 || set.val.length > 0) return { train: part(set.train), val: part(set.val) };
  return (await folderParts(set)) ?? { whole: yoloSource(set, [(await isFolder(join(set.root, 'images'))) ? 'images' : '.']) };
}

/** `images/train` and `images/val`, or `train/images` and `val/images`, where nothing says so. */
async function folderParts(set: YoloSet): Promise<Parts | undefined> {
  const found: Parts = {};
  for (const part of ['train', 'val'] as const) {
    for (const name of [
      ...(await namesIn(join(set.root, 'images'))).map((each) => `images/${each}`),
      ...(await namesIn(set.root)),
    ]) {
      const isPart = stems[part].test(name.replace(/^images\//, '')) && (await isFolder(join(set.root, name)));
      if (isPart) found[part] ??= yoloSource(set, [name]);
    }
  }
  return found.train ? found : undefined;
}

const findYoloYaml: Finder = async (folder, _, faults) => {
  const names = (await namesIn(folder)).filter((name) => /\.ya?ml$/i.test(name));
  const name = names.find((each) => /^(data|dataset)\.ya?ml$/i.test(each));
  const isYolo = async () =>
    names.length === 1 && /^[ \t]*(names|nc|train|val)[ \t]*:/m.test(await readText(join(folder, names[0]!), 4 << 20).catch(() => ''));
  if (name !== undefined) return yoloParts(join(folder, name), faults);
  return (await isYolo()) ? yoloParts(join(folder, names[0]!), faults) : undefined;
};

/** Folders `images` and `labels` without a YAML: the names stand in classes.txt, one a line. */
const findYoloFolder: Finder = async (folder, _, faults) => {
  if (!(await isFolder(join(folder, 'images'))) || !(await isFolder(join(folder, 'labels')))) return undefined;
  const lists = ['classes.txt', 'labels/classes.txt', 'obj.names'].map((name) => join(folder, name));
  for (const file of lists) {
    if (!(await isFile(file))) continue;
    const names = await readClassList(file, faults);
    if (!names) return {};
    const set: YoloSet = { file: join(folder, 'classes.txt'), root: resolve(folder), names, train: [], val: [] };
    return (await folderParts(set)) ?? { whole: yoloSource(set, ['images']) };
  }
  faults.push(
    fault('wrong-type', { file: folder, fatal: true }, 'a data.yaml (or classes.txt) with names', 'names', words('no such file')),
  );
  return {};
};

const hasXml = async (folder: string) => (await namesIn(folder)).some((name) => /\.xml$/i.test(name));

async function vocPlace(folder: string): Promise<VocPlace | undefined> {
  const firstFolder = async (names: string[]) => {
    for (const name of names) if (await isFolder(join(folder, name))) return join(folder, name);
    return folder;
  };
  const annotations = await firstFolder(['Annotations', 'annotations', 'xmls']);
  const isVoc = (await hasXml(annotations)) || (await isFolder(join(folder, 'ImageSets', 'Main')));
  return isVoc ? { folder, annotations, pictures: await firstFolder(['JPEGImages', 'images', 'Images']) } : undefined;
}

const findVoc: Finder = async (folder) => {
  const place = await vocPlace(folder);
  if (!place) return undefined;
  const list = async (name: string) => {
    const path = join(folder, 'ImageSets', 'Main', name);
    return (await isFile(path)) ? vocSource({ ...place, list: path }) : undefined;
  };
  const train = (await list('train.txt')) ?? (await list('trainval.txt'));
  const val = await list('val.txt');
  return train || val ? { train, val } : { whole: vocSource(place) };
};

/** Folders `train` and `val`, each a data set of any form. */
const findFolders: Finder = async (folder, images, faults) => {
  const found: Parts = {};
  for (const name of await namesIn(folder)) {
    for (const part of ['train', 'val'] as const) {
      if (!stems[part].test(name) || found[part] || !(await isFolder(join(folder, name)))) continue;
      const inner = await findInFolder(join(folder, name), images, faults, innerFinders);
      found[part] = inner?.[part] ?? inner?.whole ?? inner?.train ?? inner?.val;
    }
  }
  return found.train || found.val ? found : undefined;
};

/** Annotations and pictures in one folder, XML or text beside each picture, come last: many folders look like that. */
const innerFinders: Finder[] = [findCocoParts, findYoloYaml, findVoc, findYoloFolder];
const finders: Finder[] = [findYoloYaml, findCocoParts, findVoc, findFolders, findYoloFolder];

async function findInFolder(
  folder: string,
  images: string | undefined,
  faults: DatasetFault[],
  list: Finder[],
): Promise<Parts | undefined> {
  for (const find of list) {
    const parts = await find(folder, images, faults);
    if (parts) return parts;
  }
  return undefined;
}

const looked =
  'a COCO JSON (train.json and val.json, or one JSON), a data.yaml (YOLO), Annotations (VOC), or folders train and val';

/** Nothing found is a fault, not an error: all of them come in one report. */
export async function findParts(path: string, images: string | undefined, faults: DatasetFault[]): Promise<Parts> {
  const whole = resolve(path);
  if (await isFile(whole)) {
    if (/\.ya?ml$/i.test(whole)) return yoloParts(whole, faults);
    return { whole: cocoSource(whole, images) };
  }
  const parts = (await isFolder(whole)) ? await findInFolder(whole, images, faults, finders) : undefined;
  if (parts) return parts;
  const names = await namesIn(whole);
  const received = (await isFolder(whole))
    ? words(`a folder with ${names.slice(0, 8).join(', ') || 'nothing'}`)
    : words('no such file or folder');
  const hint = names.some(isPictureName) ? `${looked} beside the pictures` : looked;
  faults.push(fault('unreadable-file', { file: whole, fatal: true }, hint, path, received));
  return {};
}
