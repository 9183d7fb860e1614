// The detector that people hold in hands: loads a model, finds instances, closes. Before it: a user's program.
// After it: image.ts decodes, the addon computes on threads of its own, detections.ts holds the result.
import { EventEmitter } from 'node:events';
import { callSignal, timeLeft, type CallSignal } from './call-signal.js';
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
import { loadCopies } from './native-copies.js';
import type { NativeDetections, NativeDetector, NativeLoadOptions } from './native-types.js';
import { unpack } from './packed-detections.js';
import { PixelLoan, pixelMemory } from './pixel-memory.js';
import { detectInTiles, tileBytes, tilesAhead } from './tiles/detect-in-tiles.js';
import { openPicture } from './tiles/open-picture.js';
import { tileSizes, type TileOptions } from './tiles/tile-option.js';
import { flag, readOptions } from './validate.js';
import { greyPicture, sizesToWarm, type PictureSize } from './warm-up.js';

/** What goes with one call through its stations. */
interface Course {
  ends: CallSignal;
  memory: PixelLoan;
  /** When it began, by `performance.now()`. */
  start: number;
}

/** Says 'idle' when its last call has ended, 'saturated' when a full queue turns one away. */
export class Detector extends EventEmitter<DetectorEvents> implements AsyncDisposable {
  /** The model: classes, sizes, configuration, where it runs. */
  readonly info: ModelInfo;
  readonly #native: NativeDetector;
  /** Tiles of one picture that may wait or be at work: a batch of each. */
  readonly #tilesAhead: number;
  readonly #calls: CallsUnderWay;
  readonly #stop = new AbortController();
  #closing: Promise<void> | undefined;

  private constructor(native: NativeDetector, options: Omit<NativeLoadOptions, 'device'>, copies: number) {
    super();
    const atWork = options.maxBatchSize * copies;
    this.#calls = new CallsUnderWay({ maxQueueSize: options.maxQueueSize, maxBatchSize: atWork }, (event) => this.emit(event));
    this.#native = native;
    this.#tilesAhead = 2 * atWork;
    this.info = describeModel(native.info, options);
  }

  /**
   * Loads a model.
   * @param source a bundled name ('nuclei'), the path or file: URL of a .safetensors file, or its bytes
   * @throws ERR_MIMDET_WEIGHTS for files that are no model, ERR_MIMDET_DEVICE where LibTorch or the device is missing
   */
  static async load(source: ModelSource, options?: LoadOptions): Promise<Detector> {
    const { native, devices, warmUp, signal } = readLoadOptions(options);
    signal?.throwIfAborted();
    addon(); // a missing LibTorch is told before a missing file
    const model = await resolveModel(source);
    const unbound = { ...native, maxQueueSize: 0 }; // calls-under-way counts calls; the addon's queue would count each tile of one
    const load = (device: string) =>
      runNative(
        (job, addon) => addon.loadDetector(model, { ...unbound, device }, job),
        signal,
        (late) => late.close(false),
      );
    const detector = new Detector(await loadCopies(devices, load), native, devices.length);
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
    const ends = callSignal(call.signal, this.#stop.signal, call.deadlineMs);
    const memory = new PixelLoan(ends.signal, call.native);
    try {
      if (call.tile) return await this.#detectInTiles(source, call, call.tile, { ends, memory, start });
      return await this.#detectWhole(source, call, { ends, memory, start });
    } finally {
      memory.end();
      ends.unlink();
    }
  }

  async #detectWhole(source: Snapshot, call: DetectCall, { ends, memory, start }: Course): Promise<Detections> {
    const { signal } = ends;
    const picture = await decodeSnapshot(source, { signal, standing: call.native, admit: (bytes) => memory.admit(bytes) });
    memory.resize(picture.data.length);
    ends.stopTimer(); // the queue has its own, and counts whom it ends
    const decodeMs = performance.now() - start;
    const found = await this.#compute(picture, call, signal, decodeMs);
    endSnapshot(source); // not after an abort or error: the addon may read on
    return fromNative(found, picture, this.info.classes, { decodeMs, totalMs: performance.now() - start });
  }

  async #detectInTiles(source: Snapshot, call: DetectCall, tile: TileOptions, { ends, memory, start }: Course): Promise<Detections> {
    const { signal } = ends;
    const sizes = tileSizes(tile, this.info.minSize);
    const ahead = tilesAhead(sizes.size, this.#tilesAhead);
    const aheadBytes = ahead * tileBytes(sizes.size);
    const admit = (bytes: number) => memory.admit(bytes + aheadBytes);
    const rows = await openPicture(source, { signal, standing: call.native, admit, strip: sizes.size });
    try {
      const decodeMs = performance.now() - start;
      memory.resize(rows.bytes(sizes.size) + aheadBytes);
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

function disposed(): MimdetError {
  return new MimdetError('ERR_MIMDET_DISPOSED', 'Expected an open detector for `detector` but received a closed one');
}
