// Whether each picture is there, can be read, and is of the size that the data set says. Others are told and left out.
// Before it: a draft. After it: check-objects.
import { availableParallelism } from 'node:os';
import { codeOf } from '../errors.js';
import type { CheckProgress, DatasetFault } from './dataset.js';
import { fault, forEachBounded, words, type Draft, type DraftPicture } from './draft.js';
import { readPictureSize, type PictureSize } from './picture-header.js';

/** Files and headers wait for the disk more than for the processor. */
const atOnce = Math.max(4, availableParallelism() * 2);

function unreadable(picture: DraftPicture, error: unknown): DatasetFault {
  const { file, name } = picture;
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR')
    return fault('missing-picture', { file }, 'a picture', name, words('no such file'));
  const why = codeOf(error) === 'ERR_MIMDET_DECODE' ? /received (.*)/s.exec((error as Error).message)?.[1] : undefined;
  return fault('unreadable-picture', { file }, 'a picture that can be read', name, words(why ?? (codeOf(error) || (error as Error).message)));
}

const sizeText = ({ width, height }: { width: number; height: number }) => `${width} x ${height}`;

/** Annotations lie on the picture as it is seen. Where they were made on the stored pixels, turning them is not guessed at. */
function wrongSize(picture: DraftPicture, size: PictureSize): DatasetFault | undefined {
  if (picture.width === 0 || picture.height === 0) return undefined;
  if (picture.width === size.width && picture.height === size.height) return undefined;
  const isStored = picture.width === size.stored.width && picture.height === size.stored.height;
  const hint = isStored
    ? ' (its size before the EXIF orientation: annotate the picture as it is seen, or take the orientation off)'
    : '';
  const received = words(`${sizeText(picture)} in ${picture.source}${hint}`);
  return fault('wrong-size', { file: picture.file }, `the size of the file, ${sizeText(size)},`, picture.name, received);
}

async function look(picture: DraftPicture, signal: AbortSignal | undefined): Promise<DatasetFault | undefined> {
  try {
    const size = await readPictureSize(picture.file, signal);
    const wrong = wrongSize(picture, size);
    picture.width = size.width;
    picture.height = size.height;
    return wrong;
  } catch (error) {
    signal?.throwIfAborted();
    return unreadable(picture, error);
  }
}

/** Sets the pictures' sizes. Faults come in the order of the pictures. */
export async function checkPictures(
  draft: Draft,
  faults: DatasetFault[],
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: CheckProgress },
): Promise<void> {
  const found = new Array<DatasetFault | undefined>(draft.pictures.length);
  let done = 0;
  await forEachBounded(
    draft.pictures,
    atOnce,
    async (picture, index) => {
      found[index] = await look(picture, signal);
      onProgress?.(++done, found.length);
    },
    signal,
  );
  for (const each of found) if (each) faults.push(each);
  draft.pictures = draft.pictures.filter((_, index) => !found[index]);
}
