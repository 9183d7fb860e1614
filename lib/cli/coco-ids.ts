// Image ids by file name and category ids by class name, out of a COCO JSON, for `detect --format coco --data`.
// Before it: coco-file. After it: result-format.
import { basename, resolve } from 'node:path';
import { datasetError, readCoco, type CocoFile, type CocoImage } from '../data/coco-file.js';

/** Category ids in the order of the model's classes. @throws ERR_MIMDET_DATASET naming the classes that the data set lacks */
export function categoryIdsOf(data: Pick<CocoFile, 'categories'>, classes: readonly string[], path: string): number[] {
  const ids = new Map(data.categories.map(({ name, id }) => [name, id]));
  const missing = classes.filter((name) => !ids.has(name));
  if (missing.length === 0) return classes.map((name) => ids.get(name) as number);
  throw datasetError(
    `categories of the model's classes (${missing.slice(0, 10).join(', ')})`,
    path,
    [...ids.keys()].slice(0, 10).join(', ') || 'none',
  );
}

export class CocoIds {
  private readonly byName = new Map<string, CocoImage[]>();

  private constructor(
    private readonly data: CocoFile,
    private readonly path: string,
  ) {
    for (const image of data.images)
      this.byName.set(basename(image.file_name), [...(this.byName.get(basename(image.file_name)) ?? []), image]);
  }

  static async read(path: string): Promise<CocoIds> {
    return new CocoIds(await readCoco(path), path);
  }

  /** The picture whose `file_name` ends the path of `file`; of several, the one with the longest. */
  imageId(file: string): number {
    const whole = resolve(file);
    const fits = (this.byName.get(basename(file)) ?? []).filter((image) =>
      whole.endsWith(`/${image.file_name.replace(/^(\.?\/)+/, '')}`),
    );
    const best = fits.sort((a, b) => b.file_name.length - a.file_name.length)[0];
    if (!best) throw datasetError(`a picture named ${basename(file)}`, this.path, 'none');
    return best.id;
  }

  /** Category ids by class id. A class that the data set lacks is an error, not another id. */
  categoryIds(classes: readonly string[]): number[] {
    return categoryIdsOf(this.data, classes, this.path);
  }
}
