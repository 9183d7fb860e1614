// Pascal VOC: one XML a picture in Annotations, pictures in JPEGImages, the parts' lists in ImageSets/Main. Classes are the
// names that occur, by the alphabet.
// Before it: parts (which folder, which list). After it: check-pictures.
import { basename, extname, join, resolve } from 'node:path';
import type { DatasetBox, DatasetFault } from './dataset.js';
import { fault, forEachBounded, words, type Draft, type DraftPicture, type Source } from './draft.js';
import { isInside, isPictureName, namesIn, readText } from './files.js';
import { parseVocXml, type VocAnnotation, type VocObject } from './voc-xml.js';

const largestXml = 16 << 20;
const largestList = 256 << 20;
const filesAtOnce = 16;

export interface VocPlace {
  folder: string;
  annotations: string;
  pictures: string;
  /** A text of ids; without it every XML counts. */
  list?: string;
}

/** The ids of a part: the first word of each line, or the names of all XML files. */
async function idsOf(place: VocPlace, faults: DatasetFault[]): Promise<string[]> {
  if (place.list === undefined) {
    return (await namesIn(place.annotations)).filter((name) => /\.xml$/i.test(name)).map((name) => name.slice(0, -4));
  }
  const file = place.list;
  const text = await readText(file, largestList).catch((error: unknown) => {
    faults.push(
      fault('unreadable-file', { file, fatal: true }, 'a list of ids', basename(file), words((error as Error).message)),
    );
    return '';
  });
  const ids = text.split(/\r?\n/).map((line) => line.trim().split(/\s+/)[0] ?? '');
  const whole = resolve(place.annotations);
  return [...new Set(ids)].filter((id) => {
    if (id === '') return false;
    if (isInside(whole, resolve(whole, id)) && !id.includes('\0')) return true;
    faults.push(fault('path-outside', { file }, 'an id inside the folder', basename(file), id));
    return false;
  });
}

/** VOC counts from 1, inclusive: 1 off the first corner. Where that is not before the last, the box is none. */
function boxOf(object: VocObject): DatasetBox {
  const [xmin, ymin, xmax, ymax] = object.corners;
  const empty = xmax <= xmin || ymax <= ymin;
  return empty ? [xmin, ymin, xmin, ymin] : [xmin - 1, ymin - 1, xmax, ymax];
}

/** The picture that an XML means: the one that it names, else the one of its own name. */
function pictureFile(place: VocPlace, id: string, filename: string | undefined, byStem: ReadonlyMap<string, string>): string {
  const named = filename === undefined ? undefined : basename(filename.replaceAll('\\', '/'));
  const own = byStem.get(id) ?? byStem.get(basename(id));
  if (named !== undefined && own !== named && byStem.get(named.slice(0, named.length - extname(named).length)) === named)
    return named;
  return own ?? (named && isPictureName(named) ? named : `${id}.jpg`);
}

class VocReader {
  readonly #names = new Set<string>();

  constructor(
    private readonly place: VocPlace,
    private readonly byStem: ReadonlyMap<string, string>,
  ) {}

  /** A picture whose objects' classes are still names. */
  async read(
    id: string,
    number: number,
    faults: DatasetFault[],
    signal?: AbortSignal,
  ): Promise<{ picture: DraftPicture; names: string[] } | undefined> {
    const file = join(this.place.annotations, `${id}.xml`);
    let annotation: VocAnnotation;
    try {
      annotation = parseVocXml(await readText(file, largestXml, signal), file, faults);
    } catch (error) {
      signal?.throwIfAborted();
      faults.push(
        fault('unreadable-file', { file }, 'an annotation in VOC form', basename(file), words((error as Error).message)),
      );
      return undefined;
    }
    return this.#toPicture(id, number, file, annotation, faults);
  }

  #toPicture(
    id: string,
    number: number,
    file: string,
    { filename, width, height, objects }: VocAnnotation,
    faults: DatasetFault[],
  ) {
    if (filename !== undefined && !isInside(resolve(this.place.pictures), resolve(this.place.pictures, filename))) {
      faults.push(fault('path-outside', { file }, 'a name inside the folder of the pictures', 'filename', filename));
      return undefined;
    }
    const name = pictureFile(this.place, id, filename, this.byStem);
    for (const object of objects) this.#names.add(object.name);
    const drafts = objects.map((object) => ({ id: object.number, classId: 0, box: boxOf(object), crowd: object.difficult }));
    const picture: DraftPicture = {
      id: number,
      name,
      file: resolve(this.place.pictures, name),
      width,
      height,
      source: file,
      objects: drafts,
    };
    return { picture, names: objects.map((object) => object.name) };
  }

  classes(): string[] {
    return [...this.#names].sort();
  }
}

async function readVocDraft(place: VocPlace, faults: DatasetFault[], signal?: AbortSignal): Promise<Draft> {
  const ids = await idsOf(place, faults);
  const byStem = new Map(
    (await namesIn(place.pictures))
      .filter(isPictureName)
      .map((name) => [name.slice(0, name.length - extname(name).length), name]),
  );
  const reader = new VocReader(place, byStem);
  const read = new Array<Awaited<ReturnType<VocReader['read']>>>(ids.length);
  const found = ids.map((): DatasetFault[] => []); // told in the order of the pictures
  await forEachBounded(
    ids,
    filesAtOnce,
    async (id, i) => void (read[i] = await reader.read(id, i + 1, found[i]!, signal)),
    signal,
  );
  for (const each of found) for (const one of each) faults.push(one);
  const classes = reader.classes();
  const classIds = new Map(classes.map((name, classId) => [name, classId]));
  const pictures: DraftPicture[] = [];
  for (const each of read) {
    if (!each) continue;
    each.picture.objects.forEach((object, i) => (object.classId = classIds.get(each.names[i]!)!));
    pictures.push(each.picture);
  }
  const name = place.list ?? place.folder;
  return { name, form: 'voc', classes, labels: classes, categoryIds: classes.map((_, i) => i + 1), pictures, fractions: false };
}

export function vocSource(place: VocPlace): Source {
  return { name: place.list ?? place.folder, form: 'voc', read: (faults, signal) => readVocDraft(place, faults, signal) };
}
