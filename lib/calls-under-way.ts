// The calls of a detector that have begun and not ended: no more of them than the queue and a batch hold, and word of when there
// are none, or too many. Before it: detector.ts. After it: decoding, then the addon's own queue.
import { toMimdetError } from './errors.js';
import { expected, Words } from './validate.js';

export interface DetectorEvents {
  /** The last call under way has ended. */
  idle: [];
  /** A call was turned away because the queue is full. Not said again before the next 'idle'. */
  saturated: [];
}

export class CallsUnderWay {
  readonly #running = new Set<Promise<unknown>>();
  #refused = 0;
  #saturated = false;

  constructor(
    private readonly limits: { maxQueueSize: number; maxBatchSize: number },
    private readonly emit: (event: keyof DetectorEvents) => void,
  ) {}

  /** Calls that were turned away here. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Starts a call. Rejects with ERR_MIMDET_QUEUE_FULL before anything is decoded, or copied: those that are being decoded count too,
   * so that a thousand calls at once cannot fill the memory before the queue has seen one of them.
   */
  async run<T>(start: () => Promise<T>): Promise<T> {
    const { maxQueueSize, maxBatchSize } = this.limits;
    if (this.#running.size >= maxQueueSize + maxBatchSize) {
      this.#refused++;
      this.#saturate();
      const what = `at most ${maxQueueSize} waiting pictures`;
      throw expected(what, 'maxQueueSize', new Words('one more'), 'ERR_MIMDET_QUEUE_FULL');
    }
    const work = start();
    this.#running.add(work);
    try {
      return await work;
    } catch (error) {
      if (toMimdetError(error).code === 'ERR_MIMDET_QUEUE_FULL') this.#saturate(); // the addon's queue said so
      throw error;
    } finally {
      this.#running.delete(work);
      if (this.#running.size === 0) this.#rest();
    }
  }

  /** Resolves when those under way now have ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  #saturate(): void {
    if (this.#saturated) return;
    this.#saturated = true;
    this.#tell('saturated');
  }

  #rest(): void {
    this.#saturated = false;
    this.#tell('idle');
  }

  /** In a turn of its own: what a listener throws must not become the result of a call. */
  #tell(event: keyof DetectorEvents): void {
    process.nextTick(() => this.emit(event));
  }
}
