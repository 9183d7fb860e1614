/** Typed mirror of what the addon exports (native/addon). Nothing here is public. */
import type { StationName, StationWork } from './timing.js';

/**
 * A decoded picture: RGB, row by row. The addon reads `data` in place while the call is pending, also after an abort: nobody may change,
 * transfer or resize it, so pixels that a user owns are copied before. Shared memory is refused.
 */
export interface NativeImage {
  data: Uint8Array;
  width: number;
  height: number;
}

export interface NativeLoadOptions {
  device: string; // 'auto' | 'cpu' | 'cuda' | 'cuda:N'
  precision: string; // 'auto' | 'float32' | 'bfloat16' | 'float16' | 'int8'
  threads: number; // 0: LibTorch's own choice, as many as there are cores
  maxBatchSize: number;
  maxQueueDelayMs: number;
  maxQueueSize: number; // 0: no bound
  minSize: number; // 0: the configuration's
  maxSize: number; // 0: the configuration's
}

/** One way to look at a picture: resized to so many times its usual size, then mirrored. */
export interface NativeView {
  scale: number;
  flipHorizontal: boolean;
  flipVertical: boolean;
}

export interface NativeDetectOptions {
  scoreThreshold: number;
  maxDetections: number; // 0: the configuration's
  classIds: Int32Array; // empty: all
  masks: boolean;
  sampleRatio: number;
  seed: bigint; // uint64
  views: NativeView[]; // of test-time augmentation; empty: the picture as it is, once
  priority: number; // int32, higher first
  caller: string; // who takes turns with others
  deadlineMs: number; // of the result, from now; 0: none
  budgetMs: number; // from the caller's call on; 0: none
  spentMs: number; // of the budget, before now
}

export interface NativeDetections {
  boxes: Float32Array; // x1 y1 x2 y2 of each, pixels of the picture
  scores: Float32Array;
  classIds: Int32Array;
  masks: string[] | null; // COCO compressed counts, size is the picture's
  timing: NativeTiming;
}

/** The same as the addon hands it over, in few values: each costs a call. */
export interface PackedDetections extends Pick<NativeDetections, 'boxes' | 'scores' | 'classIds'> {
  masks: string | null; // one a line
  times: Float64Array; // see packed-detections.ts
}

export interface NativeTiming {
  queueMs: number;
  preprocessMs: number;
  modelMs: number;
  postprocessMs: number;
  batchSize: number;
  sampleRatio: number;
  predictedMs: number | null; // of what follows the queue; null where no pass of the detector has ended yet
  stations: Record<StationName, StationWork>; // of the whole pass
}

export interface NativeModelInfo {
  config: string; // the whole configuration as JSON
  metadata: Record<string, string>; // the file's other entries: license, data, recipe, metrics …
  preset: string; // 'base' | 'large' | 'tiny' | 'custom'
  parameters: number;
  device: string;
  precision: string;
  threads: number;
}

export interface NativeStats {
  queued: number;
  running: number;
  completed: number;
  failed: number;
  rejected: number; // queue full, or too late
  cancelled: number; // by the caller or by close(false)
  batches: number;
  waitingMsTotal: number; // of the completed
  computeMsTotal: number; // of all passes through the model
  deviceBytes: number;
}

export interface NativeDetector {
  readonly info: NativeModelInfo;
  /** `job` is a number that nobody uses twice; `cancel(job)` makes the promise reject with code 'CANCELLED' soon. */
  detect(image: NativeImage, options: NativeDetectOptions, job: number): Promise<PackedDetections>;
  /** Multiply-adds a millisecond of one large product, as this detector computes: a third of a second's measurement. */
  productRate(): Promise<number>;
  stats(): NativeStats;
  /** Finishes running and queued calls if `drain`, else rejects them with ERR_MIMDET_DISPOSED. Resolves when all is freed. */
  close(drain: boolean): Promise<void>;
}

export interface NativeEvalOptions {
  iouTypes: ('bbox' | 'segm')[];
  maxDets: number[]; // three, rising
  threads: number; // 0: as many as there are cores
  curves: boolean;
  confusion: { iouType: 'bbox' | 'segm'; iou: number; scoreThreshold: number } | null;
}

export interface NativeConvertOptions {
  config: string; // JSON text, or '' to find a preset by shapes
  classes: string[] | null;
  half: boolean;
  maeEncoderOnly: boolean;
}

export interface NativeRle {
  size: [number, number]; // height, width
  counts: string;
}

/** One object of a picture, in pixels of the picture as it is seen. */
export interface NativeTrainingObject {
  classId: number;
  box: [number, number, number, number]; // x1 y1 x2 y2
  polygons?: number[][]; // rings x0 y0 x1 y1 …
  rle?: NativeRle;
}

/** A decoded picture with what is on it; `objects` is the JSON text of a NativeTrainingObject[] (no crowds). */
export interface NativeTrainingSample {
  image: NativeImage;
  objects: string;
  donor?: { image: NativeImage; objects: string }; // of which copy-paste takes objects
}

/** Pictures as the model will see them: augmented, not yet normalised. Lives in native memory until `dispose()` or garbage collection. */
export interface NativeBatch {
  readonly length: number;
  /** For `draw --augmented` and tests; objects in the form of NativeTrainingObject[]. */
  picture(index: number): { image: NativeImage; objects: string };
  dispose(): void;
}

/** Which pictures are seen at positions first … first + length - 1 of a run: a new shuffle each epoch, a function of its arguments alone. */
export interface NativePlan {
  pictures: Uint32Array;
  donors: Uint32Array;
}

export interface NativeStepReport {
  step: number; // counted from 1
  lr: number; // of a group with factor 1
  losses: { rpnCls: number; rpnLoc: number; cls: number; boxReg: number; mask: number };
  total: number;
  gradNorm: number; // before clipping; over all trainable parameters
  objects: number;
  foreground: number; // RoIs in the mask and box losses
  ms: { prepare: number; backbone: number; rpn: number; roi: number; backward: number; update: number; total: number };
}

export interface NativeTrainer {
  readonly step: number; // steps done
  /** JSON text: { parameters, trainable, frozen: [names], notes: [what was re-made or left out of the initial weights] } */
  readonly summary: string;
  /** `batches`: as many as are accumulated into one step. Rejects with ERR_MIMDET_DIVERGED (nothing is updated then). */
  trainStep(batches: NativeBatch[], job: number): Promise<NativeStepReport>;
  /** A weights file that Detector.load takes; `which`: the EMA where there is one ('ema'), or the weights of the last step ('raw'). */
  saveWeights(path: string, which: 'ema' | 'raw', half: boolean, metadata: Record<string, string>, job: number): Promise<void>;
  /** Everything that the next step depends on, atomically; `state` is free JSON text that loadCheckpoint gives back. */
  saveCheckpoint(path: string, state: string, job: number): Promise<void>;
  /** @returns `state` */
  loadCheckpoint(path: string, job: number): Promise<string>;
  close(): Promise<void>;
}

/** Square tiles of `size` pixels in columns and rows, by their left and top edges, ascending. */
export interface NativeTileGrid {
  width: number; // of the picture
  height: number;
  size: number;
  lefts: Int32Array;
  tops: Int32Array;
}

/** What was found in tile `row * columns + column`, in the tile's own pixels. */
export interface NativeTile {
  tile: number;
  found: Pick<NativeDetections, 'boxes' | 'scores' | 'classIds' | 'masks'>;
}

export interface NativeAddon {
  /** The LibTorch that it was built for, "2.13.0". */
  readonly builtFor: string;
  /** The LibTorch that it runs with. */
  readonly runsWith: string;
  devices(): string[]; // 'cpu', 'cuda:0', …
  cudaKernelsProblem(): string; // why a GPU runs LibTorch's operators instead of our kernels; '' where it has them
  cpuCapability(): string; // 'AVX2', 'AVX512', …
  /** Steps of nice, 0 to 19, that the computing threads give way to others; 3 unless this is said before the first model is loaded. */
  giveWayBy(steps: number): void;
  loadDetector(source: string | Uint8Array, options: NativeLoadOptions, job: number): Promise<NativeDetector>;
  cancel(job: number): void;
  /** The objects of the whole picture; `maxDetections` 0: all; `nmsThreshold`: the model's, of the box head. */
  mergeTiles(
    grid: NativeTileGrid,
    tiles: NativeTile[],
    options: { masks: boolean; maxDetections: number; nmsThreshold: number },
    job: number,
  ): Promise<PackedDetections>;
  /** Texts are COCO JSON: ground truth, and a result list. Answers with the JSON text of the object that `evaluate()` returns. */
  evaluate(groundTruth: Uint8Array, detections: Uint8Array, options: NativeEvalOptions, job: number): Promise<string>;
  /** Answers with JSON text: { tensors, dropped, preset, format } */
  convert(input: string, output: string, options: NativeConvertOptions, job: number): Promise<string>;
  /** JSON text: { config, metadata, tensors: [{ name, dtype, shape }], bytes } without reading the tensors. */
  inspectWeights(source: string | Uint8Array): string;
  presetConfig(name: string): string; // JSON text
  /** `options`: JSON text, see docs/training.md; `init`: a weights file (own, MAE-initialised) or '' for fresh weights. */
  createTrainer(options: string, init: string, job: number): Promise<NativeTrainer>;
  /** Resizes and augments on threads of its own. `augment`: JSON text; `seed` and `first` (position of the first picture) decide what is drawn. */
  prepareBatch(samples: NativeTrainingSample[], augment: string, seed: bigint, first: number, job: number): Promise<NativeBatch>;
  trainingPlan(seed: bigint, pictures: number, first: number, length: number): NativePlan;
  rleToBitmap(rle: NativeRle): Uint8Array; // row by row
  rleFromBitmap(bitmap: Uint8Array, height: number, width: number): NativeRle;
  /** The union of rings x0 y0 x1 y1 …, by COCO's rule. */
  rleFromPolygons(rings: number[][], height: number, width: number): NativeRle;
  /** COCO's uncompressed run lengths, column by column, zeros first. */
  rleFromRuns(runs: number[], height: number, width: number): NativeRle;
  rleArea(rle: NativeRle): number;
  rleToPolygons(rle: NativeRle): number[][]; // rings x0 y0 x1 y1 …
}

/** An Error that the addon makes carries the stable code. */
export interface NativeError extends Error {
  code: string;
}
