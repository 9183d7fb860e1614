// One object's mask: rings of whole polygons, or run lengths that fill the picture. The native code reads run lengths, as
// everywhere.
// Before it: check-objects. After it: an object with `polygons` or `rle`, or a fault.
import { callNative } from '../native.js';
import { show } from '../validate.js';
import type { DatasetBox, DatasetFault, DatasetRle } from './dataset.js';
import { fault, words } from './draft.js';

/** The size of a picture, and where an annotation of it stands. */
export interface Place {
  width: number;
  height: number;
  /** Factors that make pixels of coordinates. */
  scale: [x: number, y: number];
  where: Pick<DatasetFault, 'file' | 'annotation' | 'class'>;
}

export type CheckedMask = { polygons?: number[][]; rle?: DatasetRle } | { fault: DatasetFault };

/** Rings x0 y0 x1 y1 … in pixels. They may reach out of the picture (what does is not drawn), but not by more than its size. */
function checkPolygons(rings: unknown[], { width, height, scale, where }: Place): CheckedMask {
  for (const ring of rings) {
    if (!Array.isArray(ring)) return { fault: fault('wrong-type', where, 'a list of rings of numbers', 'segmentation', ring) };
    const problem = ringProblem(ring, width, height, scale);
    if (problem) return { fault: fault(problem[0], where, problem[1], 'segmentation', words(problem[2])) };
  }
  if (scale[0] === 1 && scale[1] === 1) return { polygons: rings as number[][] };
  return { polygons: (rings as number[][]).map((ring) => ring.map((value, i) => value * scale[i % 2]!)) };
}

function ringProblem(
  ring: unknown[],
  width: number,
  height: number,
  scale: [number, number],
): [DatasetFault['code'], string, string] | undefined {
  const wrong = ring.find((value) => !Number.isFinite(value));
  if (wrong !== undefined || ring.includes(undefined)) return ['not-a-number', 'rings of finite numbers', show(wrong)];
  if (ring.length % 2 !== 0) return ['bad-polygon', 'rings of pairs x, y', `${ring.length} numbers`];
  if (ring.length < 6) return ['bad-polygon', 'rings of at least three points', `${ring.length / 2}`];
  const far = ring.findIndex((value, i) => {
    const side = i % 2 === 0 ? width : height;
    const at = (value as number) * scale[i % 2]!;
    return at < -side || at > 2 * side;
  });
  return far < 0
    ? undefined
    : ['bad-polygon', 'points in the picture', `${show(ring[far])} in a picture of ${width} x ${height}`];
}

function checkRle(mask: Record<string, unknown>, { width, height, where }: Place): CheckedMask {
  const { size, counts } = mask;
  const fits = Array.isArray(size) && size.length === 2 && size[0] === height && size[1] === width;
  if (!fits) return { fault: fault('bad-mask', where, `run lengths of size [${height}, ${width}]`, 'segmentation.size', size) };
  const isRuns = Array.isArray(counts) && counts.every((run) => Number.isSafeInteger(run) && run >= 0);
  if (!isRuns && typeof counts !== 'string')
    return { fault: fault('wrong-type', where, 'run lengths', 'segmentation.counts', counts) };
  try {
    const rle = isRuns
      ? callNative((native) => native.rleFromRuns(counts as number[], height, width))
      : { size: [height, width], counts };
    const area = callNative((native) => native.rleArea(rle as DatasetRle));
    if (area === 0) return { fault: fault('no-area', where, 'a mask of at least one pixel', 'segmentation', words('none')) };
    return { rle: { size: [height, width], counts: (rle as DatasetRle).counts } };
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MIMDET_DEVICE') throw error;
    const why = /received (.*)/s.exec((error as Error).message)?.[1] ?? (error as Error).message;
    return { fault: fault('bad-mask', where, 'run lengths that fill the picture', 'segmentation', words(why)) };
  }
}

/** An empty list of polygons is no mask. */
export function checkMask(segmentation: unknown, place: Place): CheckedMask {
  if (segmentation === undefined) return {};
  if (Array.isArray(segmentation)) return segmentation.length === 0 ? {} : checkPolygons(segmentation, place);
  if (typeof segmentation === 'object' && segmentation !== null) return checkRle(segmentation as Record<string, unknown>, place);
  return { fault: fault('wrong-type', place.where, 'polygons or run lengths', 'segmentation', segmentation) };
}

/** The least box around a mask. */
export function boundsOf(mask: { polygons?: number[][]; rle?: DatasetRle }): DatasetBox | undefined {
  const rings = mask.polygons ?? (mask.rle ? callNative((native) => native.rleToPolygons(mask.rle!)) : []);
  if (rings.length === 0) return undefined;
  const box: DatasetBox = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i++) {
      box[i % 2] = Math.min(box[i % 2]!, ring[i]!);
      box[2 + (i % 2)] = Math.max(box[2 + (i % 2)]!, ring[i]!);
    }
  }
  return box;
}
