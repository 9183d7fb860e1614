// A data set as its reader understood it, before pictures and boxes are looked at; and how faults are said.
// Before it: coco, voc, yolo. After it: check-pictures, check-objects, which make a Dataset of it.
import { show, Words } from '../validate.js';
import type { DatasetBox, DatasetFault, DatasetForm, FaultCode } from './dataset.js';

export interface DraftObject {
  /** The annotation's id (COCO), its line (YOLO), its number in the file (VOC). */
  id: number;
  classId: number;
  /** x1 y1 x2 y2; none where only a mask is given. */
  box?: DatasetBox;
  /** As the file has it; check-objects looks at it. */
  segmentation?: unknown;
  crowd: boolean;
  /** COCO's, of the mask. */
  area?: number;
}

export interface DraftPicture {
  id: number;
  /** As the data set names it, for messages. */
  name: string;
  file: string;
  /** 0 where the data set says nothing. */
  width: number;
  height: number;
  /** The file that holds its annotations. */
  source: string;
  objects: DraftObject[];
}

export interface Draft {
  name: string;
  form: DatasetForm;
  classes: string[];
  /** What the files call each class: a category's id, a number, a name. */
  labels: (number | string)[];
  categoryIds: number[];
  pictures: DraftPicture[];
  /** Boxes and polygons are fractions of the picture's sides. */
  fractions: boolean;
}

/** A place where a data set can be read from; reading adds to `faults` and gives undefined where nothing can be used. */
export interface Source {
  /** Path of what is read, for messages. */
  name: string;
  form: DatasetForm;
  read(faults: DatasetFault[], signal: AbortSignal | undefined): Promise<Draft | undefined>;
}

/** "Expected `what` for `name` but received `received`" as a fault of `where`. */
export function fault(
  code: FaultCode,
  where: Pick<DatasetFault, 'file' | 'annotation' | 'class' | 'fatal'>,
  what: string,
  name: string,
  received: unknown,
): DatasetFault {
  const shown = Array.isArray(received) ? listed(received) : show(received);
  return { ...where, code, message: `Expected ${what} for \`${name}\` but received ${shown}` };
}

/** A few members say more than their number. */
function listed(values: unknown[]): string {
  const flat = values.length <= 8 && values.every((value) => typeof value !== 'object' || value === null);
  return flat ? `[${values.map((value) => show(value)).join(', ')}]` : show(values);
}

export const words = (text: string): Words => new Words(text);

/** Works on `items` with at most `limit` under way. Stops at the first error, and at an abort. */
export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      signal?.throwIfAborted();
      const index = next++;
      await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
