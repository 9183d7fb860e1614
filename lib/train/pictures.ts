// Decoded pictures of the training set, as the addon takes them: decoded once where they fit into the memory that is set aside
// for them. Before it: lib/data (files and objects). After it: batches.ts.
import { decodeImage } from '../image.js';
import { MimdetError } from '../errors.js';
import { expected, Words } from '../validate.js';
import type { DatasetPicture } from '../data/dataset.js';
import type { NativeImage, NativeTrainingObject } from '../native-types.js';

export interface LoadedPicture {
  image: NativeImage;
  /** JSON text of its objects. */
  objects: string;
}

/**
 * Keeps the first pictures that fit, and never gives one up for another: every epoch sees each picture once in a new order, so
 * that whatever is thrown away would have been as good as what takes its place.
 */
export class TrainingPictures {
  readonly #kept = new Map<number, Promise<LoadedPicture>>();
  #free: number;

  /** @param cacheBytes memory for decoded pictures */
  constructor(
    readonly pictures: readonly DatasetPicture[],
    cacheBytes: number,
  ) {
    this.#free = cacheBytes;
  }

  /** @throws ERR_MIMDET_DATASET, naming the file, where it cannot be decoded or has changed its size */
  load(index: number, signal: AbortSignal): Promise<LoadedPicture> {
    const kept = this.#kept.get(index);
    if (kept) return kept;
    const picture = this.pictures[index]!;
    const loading = load(picture, signal);
    const bytes = 3 * picture.width * picture.height;
    if (bytes <= this.#free) {
      this.#free -= bytes;
      this.#kept.set(index, loading);
    }
    return loading;
  }
}

async function load(picture: DatasetPicture, signal: AbortSignal): Promise<LoadedPicture> {
  const image = await decodeImage(picture.file, { signal }).catch((error: unknown) => {
    if (!(error instanceof MimdetError)) throw error;
    throw expected(
      'a picture that can be decoded',
      'data',
      new Words(`${picture.file} (${error.message})`),
      'ERR_MIMDET_DATASET',
      error,
    );
  });
  if (image.width !== picture.width || image.height !== picture.height) throw sizeChanged(picture, image);
  return { image, objects: JSON.stringify(nativeObjects(picture)) };
}

function sizeChanged({ file, width, height }: DatasetPicture, image: NativeImage) {
  const received = new Words(`${file} (${image.width} x ${image.height})`);
  return expected(`a picture of ${width} x ${height}`, 'data', received, 'ERR_MIMDET_DATASET');
}

/** What training learns from: crowds are left out. */
export function nativeObjects(picture: DatasetPicture): NativeTrainingObject[] {
  return picture.objects
    .filter(({ crowd }) => !crowd)
    .map(({ classId, box, polygons, rle }) => ({ classId, box, ...(polygons && { polygons }), ...(rle && { rle }) }));
}

/** The pictures that a run trains on: with objects, unless the configuration keeps the empty ones too. */
export function trainable(pictures: readonly DatasetPicture[], keepEmpty: boolean): DatasetPicture[] {
  return keepEmpty ? [...pictures] : pictures.filter(({ objects }) => objects.some(({ crowd }) => !crowd));
}
