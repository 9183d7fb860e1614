// Every tenth picture for validation, where nobody has chosen: a function of the seed and the pictures' order alone.
// Before it: open-dataset. After it: two data sets of one.
import { createHash } from 'node:crypto';
import { masksOf } from './check-objects.js';
import type { Dataset, DatasetPicture } from './dataset.js';

/** A number from 0 to below `limit`, the same for the same seed and place. */
function draw(seed: number, place: string, limit: number): number {
  return createHash('sha256').update(`set-aside ${seed} ${place}`).digest().readUInt32LE(0) % limit;
}

/** One place of each ten in a row; of fewer than ten one, too, unless it were the only one. */
function chosenOf(count: number, seed: number, kind: string): Set<number> {
  const chosen = new Set<number>();
  for (let first = 0; first < count; first += 10) {
    const place = first + draw(seed, `${kind} ${first}`, 10);
    if (place < count) chosen.add(place);
  }
  if (chosen.size === 0 && count > 1) chosen.add(draw(seed, `${kind} alone`, count));
  if (chosen.size === count) chosen.clear();
  return chosen;
}

const isLearnt = (picture: DatasetPicture) => picture.objects.some((object) => !object.crowd);

/** Pictures with and without objects are drawn apart, so that both parts have some with. */
export function setAside(dataset: Dataset, seed: number): { train: Dataset; val: Dataset } {
  const val = new Set<DatasetPicture>();
  for (const learnt of [true, false]) {
    const pictures = dataset.pictures.filter((picture) => isLearnt(picture) === learnt);
    for (const place of chosenOf(pictures.length, seed, learnt ? 'objects' : 'none')) val.add(pictures[place]!);
  }
  const part = (inVal: boolean): Dataset => {
    const pictures = dataset.pictures.filter((picture) => val.has(picture) === inVal);
    return { ...dataset, pictures, masks: masksOf(pictures) };
  };
  return { train: part(false), val: part(true) };
}
