// From a path that a user names to data sets that training can use: which form, which parts, one list of classes, all faults at
// once.
// The map of lib/data: parts → a form's reader → join-classes → check-pictures → check-objects → set-aside.
// Before it: `mimdet train --data`, `mimdet eval --data`. After it: lib/train, to-coco.
import { MimdetError } from '../errors.js';
import { checkObjects, maskCount } from './check-objects.js';
import { checkPictures } from './check-pictures.js';
import type { CheckProgress, Dataset, DatasetFault } from './dataset.js';
import { fault, words, type Draft, type Source } from './draft.js';
import { isFolder } from './files.js';
import { joinClasses } from './join-classes.js';
import { findParts, type Parts } from './parts.js';
import { setAside } from './set-aside.js';

export interface OpenOptions {
  /** The folder of the pictures of a COCO JSON (default: found beside it). */
  images?: string;
  signal?: AbortSignal;
  onProgress?: CheckProgress;
}

export interface TrainingDataOptions extends OpenOptions {
  data: string;
  /** The data set for validation; default: the part of that name in `data`. */
  val?: string;
  /** Any fault ends with ERR_MIMDET_DATASET. */
  strict?: boolean;
  /** Decides which pictures are set aside where there is no part for validation. Default 0. */
  seed?: number;
}

export interface OpenedDataset {
  dataset: Dataset;
  faults: DatasetFault[];
}

export interface TrainingData {
  train: Dataset;
  val: Dataset;
  /** Of both parts; what they touch is left out already. */
  faults: DatasetFault[];
  /** Sentences for the user: what was set aside, how classes were joined, that there are no masks. */
  notes: string[];
}

/** What a check found: the parts that can be used are there. */
export interface CheckedTrainingData {
  train?: Dataset;
  val?: Dataset;
  faults: DatasetFault[];
  notes: string[];
}

/** ERR_MIMDET_DATASET with all that was found; the message says how many and the first. */
export class DatasetError extends MimdetError {
  constructor(
    readonly faults: readonly DatasetFault[],
    path: string,
  ) {
    const first = faults.find(({ fatal }) => fatal) ?? faults[0];
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults, the first of them`;
    const place = first?.annotation === undefined ? '' : `annotation ${first.annotation}: `;
    super(
      'ERR_MIMDET_DATASET',
      `Expected a data set without faults for \`${path}\` but received ${count} in ${first?.file}: ${place}${first?.message}`,
    );
  }
}

async function read(source: Source | undefined, faults: DatasetFault[], options: OpenOptions): Promise<Draft | undefined> {
  options.signal?.throwIfAborted();
  return source?.read(faults, options.signal);
}

async function check(draft: Draft, faults: DatasetFault[], needed: boolean, options: OpenOptions): Promise<Dataset> {
  await checkPictures(draft, faults, options);
  return checkObjects(draft, faults, needed);
}

/** One and the same fault of both parts (a class list, a YAML) is told once. */
function once(faults: DatasetFault[]): DatasetFault[] {
  const seen = new Set<string>();
  return faults.filter(({ file, annotation, code, message }) => {
    const key = `${code}\n${file}\n${annotation}\n${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

async function partsOf(path: string, images: string | undefined, faults: DatasetFault[]): Promise<Parts> {
  if (images === undefined || (await isFolder(images))) return findParts(path, images, faults);
  faults.push(
    fault('missing-picture', { file: images, fatal: true }, 'a folder of pictures', '--images', words(JSON.stringify(images))),
  );
  return {};
}

/**
 * What `path` means for evaluation: its part of that name, else the whole or only one. Nothing is read yet but names.
 * @throws DatasetError (ERR_MIMDET_DATASET) where no form is recognised
 */
export async function findForEvaluation(path: string, images?: string): Promise<Source> {
  const faults: DatasetFault[] = [];
  const parts = await partsOf(path, images, faults);
  const source = parts.val ?? parts.whole ?? parts.train;
  if (!source) throw new DatasetError(faults, path);
  return source;
}

/**
 * One data set for evaluation: a COCO JSON or a folder in COCO, VOC or YOLO form (of several parts the one for validation).
 * Faulty annotations and pictures are left out, and told.
 * @throws DatasetError (ERR_MIMDET_DATASET) where nothing of it can be used
 */
export async function openDataset(path: string, options: OpenOptions = {}): Promise<OpenedDataset> {
  const faults: DatasetFault[] = [];
  const draft = await read(await findForEvaluation(path, options.images), faults, options);
  const dataset = draft && (await check(draft, faults, false, options));
  if (!dataset || faults.some(({ fatal }) => fatal)) throw new DatasetError(faults, path);
  return { dataset, faults };
}

/** The sources of both parts; without one for validation, pictures of the other are set aside. */
async function sourcesOf(
  { data, val, images }: TrainingDataOptions,
  faults: DatasetFault[],
): Promise<{ train?: Source; val?: Source }> {
  const parts = await partsOf(data, images, faults);
  if (val === undefined)
    return parts.train || parts.whole ? { train: parts.train ?? parts.whole, val: parts.val } : { train: parts.val };
  const other = await partsOf(val, images, faults);
  return { train: parts.train ?? parts.whole ?? parts.val, val: other.val ?? other.whole ?? other.train };
}

function maskNotes(train: Dataset): string[] {
  const { objects, masks } = maskCount(train.pictures);
  if (objects === 0 || masks === objects) return [];
  if (masks === 0) return ['No object has a mask: boxes alone are trained, and the model will say nothing of masks.'];
  return [`${masks} of ${objects} objects have a mask: the others train boxes only.`];
}

function asideNote(train: Dataset, val: Dataset, seed: number): string {
  const start = `${train.name} has no part for validation`;
  const total = train.pictures.length + val.pictures.length;
  if (val.pictures.length === 0)
    return `${start} and too few pictures to set any aside: it is validated on what it is trained on.`;
  return `${start}: every tenth picture was set aside, ${val.pictures.length} of ${total} (seed ${seed}).`;
}

const samePictures = (train: Dataset, val: Dataset) =>
  train.pictures.length > 0 &&
  train.pictures.length === val.pictures.length &&
  train.pictures.every(({ file }, i) => file === val.pictures[i]!.file);

function withoutVal(whole: Dataset, seed: number, found: CheckedTrainingData): void {
  const { train, val } = setAside(whole, seed);
  found.notes.push(asideNote(train, val, seed));
  found.train = train;
  found.val = val.pictures.length > 0 ? val : train;
}

/** As {@link openTrainingData}, but faults are only told, whatever they are: `train --check`. Rejects for an abort alone. */
export async function checkTrainingData(options: TrainingDataOptions): Promise<CheckedTrainingData> {
  const faults: DatasetFault[] = [];
  const found: CheckedTrainingData = { faults, notes: [] };
  const sources = await sourcesOf(options, faults);
  const train = await read(sources.train, faults, options);
  const val = await read(sources.val, faults, options);
  if (train && val) found.notes.push(...joinClasses(train, val));
  const [ofTrain, ofVal] = [train?.pictures.length ?? 0, val?.pictures.length ?? 0];
  const { onProgress } = options;
  const from = (done: number): CheckProgress | undefined => onProgress && ((each) => onProgress(done + each, ofTrain + ofVal));
  if (train) found.train = await check(train, faults, true, { ...options, onProgress: from(0) });
  if (val) found.val = await check(val, faults, false, { ...options, onProgress: from(ofTrain) });
  if (found.train && !sources.val) withoutVal(found.train, options.seed ?? 0, found);
  else if (found.train && found.val && samePictures(found.train, found.val))
    found.notes.push('Both parts have the same pictures: validation says nothing of new ones.');
  if (found.train) found.notes.push(...maskNotes(found.train));
  found.faults = once(faults);
  return found;
}

/**
 * Both parts of the data of a training run, checked. Pictures' ids are unique within a part, `classes` of both are equal.
 * @throws DatasetError (ERR_MIMDET_DATASET) where there is nothing to train on, or with `strict` where there is any fault
 */
export async function openTrainingData(options: TrainingDataOptions): Promise<TrainingData> {
  const { train, val, faults, notes } = await checkTrainingData(options);
  const stops = faults.length > 0 && (options.strict || faults.some(({ fatal }) => fatal));
  if (!train || !val || stops) throw new DatasetError(faults, options.data);
  return { train, val, faults, notes };
}
