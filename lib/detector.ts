// The detector that people hold in hands: loads a model, finds instances, closes. Before it: a user's program.
// After it: image.ts decodes, the addon computes on threads of its own, detections.ts holds the result.
import { EventEmitter } from 'node:events';
import { anySignal } from './abort.js';
import { Admission, type Loan } from './admission.js';
import { CallsUnderWay, type DetectorEvents } from './calls-under-way.js';
import { detectInOrder, iterate, type DetectManyResult, type ImageSource } from './detect-many.js';
import { fromNative, type Detections } from './detections.js';
import { readDetectManyOptions, readDetectOptions, readLoadOptions } from './detector-options.js';
import type { DetectCall, DetectManyOptions, DetectOptions, LoadOptions } from './detector-options.js';
import { describeModel, type ModelInfo } from './model-info.js';
import { describeStats, type DetectorStats } from './detector-stats.js';
import { MimdetError } from './errors.js';
import { decodeSnapshot, endSnapshot, takeSnapshot, type DecodedImage, type ImageInput, type Snapshot } from './image.js';
import { resolveModel, type ModelSource } from './model-source.js';
import { addon, runNative } from './native.js';
import type { NativeDetections, NativeDetector, NativeLoadOptions } from './native-types.js';
import { unpack } from './packed-detections.js';
import { detectInTiles, tileBytes, tilesAhead } from './tiles/detect-in-tiles.js';
import { openPicture } from './tiles/open-picture.js';
import { tileSizes, type TileOptions } from './tiles/tile-option.js';
import { expected, flag, readOptions, Words } from './validate.js';
import { greyPicture, sizesToWarm, type PictureSize } from './warm-up.js';

/**
 * Bytes of decoded pictures that wait or are at work, over all detectors of this thread. Beyond it decoding pauses,
 * so that a thousand calls with large photographs do not fill the memory.
 */
const pixelMemory = new Admission(512 * 2 ** 20);

/** What a picture is taken for until it is decoded: a photograph of eleven million pixels. */
const assumedBytes = 32 * 2 ** 20;

/** Says 'idle' when its last call has ended, 'saturated' when a full queue turns one away. */
export class Detector extends EventEmitter<DetectorEvents> implements AsyncDisposable {
  /** The model: classes, sizes, configuration, where it runs. */
  readonly info: ModelInfo;
  readonly #native: NativeDetector;
  /** Tiles of one picture that may wait or be at work: a batch of each, if the queue takes so many. */
  readonly #tilesAhead: number;
  readonly #calls: CallsUnderWay;
  readonly #stop = new AbortController();
  #closing: Promise<void> | undefined;

  private constructor(native: NativeDetector, options: NativeLoadOptions) {
    super();
    this.#calls = new CallsUnderWay(options, (event) => this.emit(event));
    this.#native = native;
    this.#tilesAhead = Math.min(2 * options.maxBatchSize, options.maxQueueSize);
    this.info = describeModel(native.info, options);
  }

  /**
   * Loads a model.
   * @param source a bundled name ('nuclei'), the path or file: URL of a .safetensors file, or its bytes
   * @throws ERR_MIMDET_WEIGHTS for files that are no model, ERR_MIMDET_DEVICE where LibTorch or the device is missing
   */
  static async load(source: ModelSource, options?: LoadOptions): Promise<Detector> {
    const { native, warmUp, signal } = readLoadOptions(options);
    signal?.throwIfAborted();
    addon(); // a missing LibTorch is told before a missing file
    const model = await resolveModel(source);
    const loading = runNative(
      (job, addon) => addon.loadDetector(model, native, job),
      signal,
      (late) => late.close(false),
    );
    const detector = new Detector(await loading, native);
    await detector.#warmUp(sizesToWarm(warmUp, detector.info.minSize), signal);
    return detector;
  }

  /** One after the other, as first callers would come; a detector that cannot is closed. */
  async #warmUp(sizes: PictureSize[], signal: AbortSignal | undefined): Promise<void> {
    try {
      for (const size of sizes) await this.detect(greyPicture(size), { masks: false, ...(signal && { signal }) });
    } catch (error) {
      await this.close({ drain: false });
      throw error;
    }
  }

  /**
   * Finds the instances on one picture. The event loop stays free meanwhile; calls may overlap.
   * @throws ERR_MIMDET_DECODE, _INVALID_ARGUMENT, _QUEUE_FULL, _DEADLINE, _OUT_OF_MEMORY, _DISPOSED; `signal.reason` on an abort
   */
  async detect(image: ImageInput, options?: DetectOptions): Promise<Detections> {
    return this.#start(image, readDetectOptions(options, this.info));
  }

  /**
   * Finds the instances on many pictures, in their order. A picture that fails gives a result with its `error`; the others
   * go on. Takes no more from `images` than it has room for. Leaving the loop stops the source and the work under way.
   */
  detectMany<T extends ImageInput>(
    images: ImageSource<T>,
    options?: DetectManyOptions,
  ): AsyncGenerator<DetectManyResult<T>, void, undefined> {
    const { call, concurrency } = readDetectManyOptions(options, this.info);
    const detect = (image: T, signal: AbortSignal) => this.#start(image, { ...call, signal });
    return detectInOrder(iterate(images), detect, { concurrency, signal: call.signal });
  }

  /**
   * GFLOP/s of one large matrix product on this detector's device, in its precision and with its threads: what a share of the
   * machine's peak is measured by. Takes a third of a second, and its turn behind calls under way.
   */
  async measurePeak(): Promise<number> {
    if (this.#closing) throw disposed();
    return (2 * (await this.#native.productRate())) / 1e6; // multiply-adds a millisecond
  }

  /** Counts and times since the model was loaded. */
  stats(): DetectorStats {
    return describeStats(this.#native.stats(), { refused: this.#calls.refused, pictureBytes: pixelMemory.used });
  }

  /**
   * Frees the model. Calls under way are finished first; with `drain: false` they reject with ERR_MIMDET_DISPOSED.
   * New calls reject with it at once. Closing twice does no harm.
   */
  async close(options?: { drain?: boolean }): Promise<void> {
    const { drain = true } = readOptions({ drain: flag }, options);
    if (!drain) this.#stop.abort(disposed());
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#calls.settled();
    await this.#native.close(!this.#stop.signal.aborted);
  }

  async #start(image: ImageInput, call: DetectCall): Promise<Detections> {
    if (this.#closing) throw disposed();
    return this.#calls.run(() => this.#detect(image, call));
  }

  async #detect(image: ImageInput, call: DetectCall): Promise<Detections> {
    const start = performance.now();
    const source = takeSnapshot(image); // now: the caller may reuse its buffer as soon as the call returns
    const { signal, unlink } = anySignal(call.signal, this.#stop.signal);
    let memory: Loan | undefined;
    try {
      memory = await pixelMemory.enter(assumedBytes, signal);
      if (call.tile) return await this.#detectInTiles(source, call, call.tile, { signal, memory, start });
      const picture = await decodeSnapshot(source, { signal });
      memory.resize(picture.data.length);
      const decodeMs = performance.now() - start;
      const found = await this.#compute(picture, call, signal, decodeMs);
      endSnapshot(source); // not after an abort or error: the addon may read on
      return fromNative(found, picture, this.info.classes, { decodeMs, totalMs: performance.now() - start });
    } finally {
      memory?.end();
      unlink();
    }
  }

  async #detectInTiles(
    source: Snapshot,
    call: DetectCall,
    tile: TileOptions,
    { signal, memory, start }: { signal: AbortSignal; memory: Loan; start: number },
  ): Promise<Detections> {
    const sizes = tileSizes(tile, this.info.minSize);
    const ahead = tilesAhead(sizes.size, this.#tilesAhead);
    const rows = await openPicture(source, { signal });
    try {
      const decodeMs = performance.now() - start;
      memory.resize(rows.bytes(sizes.size) + ahead * tileBytes(sizes.size));
      const { masks, maxDetections } = call.native;
      const oneTile = { ...call, native: { ...call.native, maxDetections: 0 } };
      const detect = (picture: DecodedImage, stop: AbortSignal) =>
        this.#compute(picture, oneTile, stop, performance.now() - start);
      const { pixelMean: beside, roi } = this.info.config;
      const work = { rows, sizes, beside, ahead, detect, masks, maxDetections, nmsThreshold: roi.nmsThreshold };
      const found = await detectInTiles(work, signal);
      return fromNative(found, rows, this.info.classes, { decodeMs, totalMs: performance.now() - start });
    } finally {
      await rows.close();
    }
  }

  async #compute(picture: DecodedImage, call: DetectCall, signal: AbortSignal, spentMs: number): Promise<NativeDetections> {
    const options = { ...call.native, deadlineMs: timeLeft(call.deadlineMs, spentMs), spentMs };
    return unpack(await runNative((job) => this.#native.detect(picture, options, job), signal));
  }
}

/** What decoding has left of a deadline, in milliseconds; 0 where there is none. */
function timeLeft(deadlineMs: number | undefined, spentMs: number): number {
  if (deadlineMs === undefined) return 0;
  if (deadlineMs > spentMs) return deadlineMs - spentMs;
  throw expected(
    `a picture decoded within ${deadlineMs} ms`,
    'deadlineMs',
    new Words(`one after ${spentMs.toFixed(1)} ms`),
    'ERR_MIMDET_DEADLINE',
  );
}

function disposed(): MimdetError {
  return new MimdetError('ERR_MIMDET_DISPOSED', 'Expected an open detector for `detector` but received a closed one');
}
