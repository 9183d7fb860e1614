// Where the pictures of a COCO JSON lie.
// Before it: --data and --images. After it: eval and draw, which read the pictures.
import { basename, dirname, join, resolve } from 'node:path';
import { datasetError, type CocoImage } from './coco-file.js';
import { isFile, isFolder, isNameInside } from './files.js';

/** A name out of a data set may not lead out of the folder of its pictures. */
export function pictureAt(folder: string, image: CocoImage, path: string): string {
  if (!isNameInside(folder, image.file_name)) {
    throw datasetError(
      'file names inside the folder of the pictures',
      path,
      `${JSON.stringify(image.file_name)} of picture ${image.id}`,
    );
  }
  return join(folder, image.file_name);
}

/** The folders that are tried, in this order. */
export function pictureFolders(path: string): string[] {
  const folder = dirname(path);
  const stem = basename(path).replace(/\.json$/i, '');
  const named = join(folder, stem);
  const beside = [
    named,
    join(named, 'JPEGImages'),
    join(named, 'images'),
    join(folder, 'images'),
    join(folder, 'pictures'),
    folder,
  ];
  if (basename(resolve(folder)) !== 'annotations') return beside;
  // COCO's own layout: annotations/instances_val2017.json beside val2017/.
  const parent = dirname(folder);
  return [...beside, join(parent, stem.replace(/^instances_/, '')), join(parent, 'images')];
}

/**
 * The folder of the pictures: `chosen`, else the first of {@link pictureFolders} where the first picture lies.
 * @throws ERR_MIMDET_DATASET naming the picture and the folders
 */
export async function findPictures(path: string, images: readonly CocoImage[], chosen?: string): Promise<string> {
  const first = images[0];
  if (chosen !== undefined) {
    if (await isFolder(chosen)) return chosen;
    throw datasetError('a folder of pictures', '--images', chosen);
  }
  if (!first) return dirname(path);
  const folders = pictureFolders(path);
  for (const folder of folders) if (await isFile(pictureAt(folder, first, path))) return folder;
  throw datasetError(`the picture ${first.file_name} in one of ${folders.join(', ')} (or --images DIR)`, path, 'none of them');
}
