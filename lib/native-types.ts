/** Typed mirror of what the addon exports (native/addon). Nothing here is public. */

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

export interface NativeDetectOptions {
  scoreThreshold: number;
  maxDetections: number; // 0: the configuration's
  classIds: Int32Array; // empty: all
  masks: boolean;
  sampleRatio: number;
  seed: bigint; // uint64
  priority: number; // int32, higher first
  deadlineMs: number; // of the result, from now; 0: none
}

export interface NativeDetections {
  boxes: Float32Array; // x1 y1 x2 y2 of each, pixels of the picture
  scores: Float32Array;
  classIds: Int32Array;
  masks: string[] | null; // COCO compressed counts, size is the picture's
  timing: { queueMs: number; preprocessMs: number; modelMs: number; postprocessMs: number; batchSize: number };
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
  detect(image: NativeImage, options: NativeDetectOptions, job: number): Promise<NativeDetections>;
  stats(): NativeStats;
  /** Finishes running and queued calls if `drain`, else rejects them with ERR_MIMDET_DISPOSED. Resolves when all is freed. */
  close(drain: boolean): Promise<void>;
}

export interface NativeEvalOptions {
  iouTypes: ('bbox' | 'segm')[];
  maxDets: number[]; // three, rising
  threads: number; // 0: as many as there are cores
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

export interface NativeAddon {
  /** The LibTorch that it was built for, "2.13.0". */
  readonly builtFor: string;
  /** The LibTorch that it runs with. */
  readonly runsWith: string;
  devices(): string[]; // 'cpu', 'cuda:0', …
  cpuCapability(): string; // 'AVX2', 'AVX512', …
  loadDetector(source: string | Uint8Array, options: NativeLoadOptions, job: number): Promise<NativeDetector>;
  cancel(job: number): void;
  /** Texts are COCO JSON: ground truth, and a result list. Answers with the JSON text of the object that `evaluate()` returns. */
  evaluate(groundTruth: Uint8Array, detections: Uint8Array, options: NativeEvalOptions, job: number): Promise<string>;
  /** Answers with JSON text: { tensors, dropped, preset, format } */
  convert(input: string, output: string, options: NativeConvertOptions, job: number): Promise<string>;
  /** JSON text: { config, metadata, tensors: [{ name, dtype, shape }], bytes } without reading the tensors. */
  inspectWeights(source: string | Uint8Array): string;
  presetConfig(name: string): string; // JSON text
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
