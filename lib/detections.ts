// What was found on one picture. Before it: the addon's flat arrays (or a line of `--format jsonl`). After it: users,
// the command line, draw.ts and the evaluator.
import { draw, type DrawOptions } from './draw.js';
import type { ImageInput } from './image.js';
import { Mask } from './mask.js';
import type { NativeDetections } from './native-types.js';
import { parseDetections } from './detections-json.js';
import { noTiming, type StationName, type StationWork } from './timing.js';
import { expected, integer, Words } from './validate.js';

/** Corners in pixels of the picture as it is seen: x to the right, y downwards, (0, 0) at the top left corner. */
export interface Box {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** One object. */
export interface Instance {
  classId: number;
  className: string;
  /** 0 to 1. */
  score: number;
  box: Box;
  /** null where the call asked for none, or the model knows none. */
  mask: Mask | null;
}

/** Where the time of one call went, in milliseconds. A batch's times are those of the whole batch. */
export interface Timing {
  decodeMs: number;
  queueMs: number;
  preprocessMs: number;
  modelMs: number;
  postprocessMs: number;
  totalMs: number;
  /** Pictures that went through the model together. */
  batchSize: number;
  /** Share of the patches that the encoder saw: the option's, or less where `budgetMs` asked for it. */
  sampleRatio: number;
  /** What preprocessing, model and postprocessing were expected to take together; null where nothing was known yet. */
  predictedMs: number | null;
  /** Where `modelMs` went, and the multiply-adds of convolutions, linear layers and attention there. */
  stations: Record<StationName, StationWork>;
}

/** The object of one line of `--format jsonl`, without `file`. */
export interface DetectionsJson {
  width: number;
  height: number;
  instances: {
    class: string;
    classId: number;
    score: number;
    /** x1, y1, x2, y2. */
    box: [number, number, number, number];
    mask?: { size: [height: number, width: number]; counts: string };
  }[];
  /** `queue`: waiting for the model. Each picture of a batch has the batch's `model`. */
  ms: { decode: number; queue: number; model: number; total: number };
  /** Where it was below 1: asked for, or what fitted in `budgetMs`. */
  sampleRatio?: number;
}

/** One entry of a COCO result file. */
export interface CocoResult {
  image_id: number;
  category_id: number;
  /** x, y, width, height. */
  bbox: [number, number, number, number];
  score: number;
  segmentation?: { size: [height: number, width: number]; counts: string };
}

/** A COCO category id for each class: by class id, or by class name. */
export type CategoryIds = readonly number[] | Readonly<Record<string, number>>;

/** The instances of one picture, highest score first. Iterable. */
export class Detections implements Iterable<Instance> {
  /** Of the picture, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly instances: readonly Instance[];
  readonly timing: Timing;

  /** @internal */
  constructor(width: number, height: number, instances: readonly Instance[], timing: Timing = { ...noTiming(), decodeMs: 0, totalMs: 0 }) {
    this.width = width;
    this.height = height;
    this.instances = instances;
    this.timing = timing;
  }

  get length(): number {
    return this.instances.length;
  }

  [Symbol.iterator](): Iterator<Instance> {
    return this.instances[Symbol.iterator]();
  }

  /** Those for which `keep` answers true, in the same order. */
  filter(keep: (instance: Instance, index: number) => boolean): Detections {
    if (typeof keep !== 'function') throw expected('a function', 'keep', keep);
    return new Detections(this.width, this.height, this.instances.filter(keep), this.timing);
  }

  /** The object of one line of `--format jsonl`, without `file`. Numbers are the model's own, not rounded. */
  toJSON(): DetectionsJson {
    const { decodeMs, queueMs, modelMs, totalMs, sampleRatio } = this.timing;
    return {
      width: this.width,
      height: this.height,
      instances: this.instances.map(instanceToJson),
      ms: { decode: decodeMs, queue: queueMs, model: modelMs, total: totalMs },
      ...(sampleRatio < 1 && { sampleRatio }),
    };
  }

  /**
   * Entries of a COCO result file.
   * @param imageId the picture's id
   * @param categoryIds by class id or class name; without it, class id + 1
   */
  toCoco(imageId: number, categoryIds?: CategoryIds): CocoResult[] {
    integer(0)(imageId, 'imageId');
    return this.instances.map((instance) => {
      const { x1, y1, x2, y2 } = instance.box;
      const category_id = categoryIdOf(instance, categoryIds);
      const result: CocoResult = { image_id: imageId, category_id, bbox: [x1, y1, x2 - x1, y2 - y1], score: instance.score };
      if (instance.mask) result.segmentation = { size: instance.mask.size, counts: instance.mask.counts };
      return result;
    });
  }

  /**
   * The picture with masks, boxes, names and scores drawn on it.
   * @param image the picture that was looked at; its size must be that of these detections
   * @returns the bytes of a PNG
   */
  draw(image: ImageInput, options?: DrawOptions): Promise<Uint8Array> {
    return draw(this, image, options);
  }

  /** What `toJSON()` gave, read back. Throws ERR_MIMDET_INVALID_ARGUMENT where the object is of another shape. */
  static fromJSON(json: unknown): Detections {
    const { width, height, instances, ms, sampleRatio = 1 } = parseDetections(json);
    const timing = { ...noTiming(), decodeMs: ms.decode, queueMs: ms.queue, modelMs: ms.model, totalMs: ms.total, sampleRatio };
    return new Detections(width, height, instances.map(instanceFromJson), timing);
  }
}

/** @internal Detections from what the addon gives. */
export function fromNative(
  found: NativeDetections,
  picture: { width: number; height: number },
  classes: readonly string[],
  times: { decodeMs: number; totalMs: number },
): Detections {
  const { boxes, scores, classIds, masks } = found;
  const instances = Array.from(scores, (score, i): Instance => {
    const box = { x1: boxes[4 * i]!, y1: boxes[4 * i + 1]!, x2: boxes[4 * i + 2]!, y2: boxes[4 * i + 3]! };
    const classId = classIds[i]!;
    const mask = masks ? new Mask([picture.height, picture.width], masks[i]!) : null;
    return { classId, className: classes[classId] ?? `class ${classId}`, score, box, mask };
  });
  return new Detections(picture.width, picture.height, instances, { ...found.timing, ...times });
}

function instanceToJson({ className, classId, score, box, mask }: Instance): DetectionsJson['instances'][number] {
  const entry = {
    class: className,
    classId,
    score,
    box: [box.x1, box.y1, box.x2, box.y2] as [number, number, number, number],
  };
  return mask ? { ...entry, mask: { size: mask.size, counts: mask.counts } } : entry;
}

function instanceFromJson(entry: DetectionsJson['instances'][number]): Instance {
  const [x1, y1, x2, y2] = entry.box;
  const mask = entry.mask ? new Mask(entry.mask.size, entry.mask.counts) : null;
  return { classId: entry.classId, className: entry.class, score: entry.score, box: { x1, y1, x2, y2 }, mask };
}

function categoryIdOf({ classId, className }: Instance, categoryIds: CategoryIds | undefined): number {
  if (!categoryIds) return classId + 1;
  const id = Array.isArray(categoryIds) ? categoryIds[classId] : (categoryIds as Record<string, number>)[className];
  if (!Number.isInteger(id))
    throw expected(`an id for class ${JSON.stringify(className)}`, 'categoryIds', new Words(String(id)));
  return id as number;
}
