// The batches of a run, made some steps ahead so that the model never waits: which pictures (the plan) → decode → augment in
// the addon. Place in the data is a function of the step alone, so a resumed run sees what an uninterrupted one would have seen.
// Before it: pictures.ts. After it: run.ts.
import { linkSignals } from '../abort.js';
import { callNative, runNative } from '../native.js';
import type { NativeBatch, NativePlan, NativeTrainingSample } from '../native-types.js';
import type { TrainingPictures } from './pictures.js';

export interface BatchOptions {
  /** Pictures of a step, and the parts that they are given to the model in. */
  batch: number;
  parts: number;
  /** Steps of the run: none is prepared beyond it. */
  steps: number;
  seed: number;
  /** The addon's JSON text. */
  augment: string;
  /** Whether pictures are pasted into others. */
  donors: boolean;
  /** Steps that are prepared ahead. */
  ahead: number;
}

/** One step's batches, and how long it took until they were there. */
export interface NextBatches {
  batches: NativeBatch[];
  waitMs: number;
}

export class Batches {
  readonly #queue: Promise<NativeBatch[]>[] = [];
  readonly #stop;
  #next: number;

  /** @param first the step that comes first, counted from 1 */
  constructor(
    private readonly pictures: TrainingPictures,
    private readonly options: BatchOptions,
    first: number,
    signal: AbortSignal | undefined,
  ) {
    this.#stop = linkSignals(signal);
    this.#next = first;
    this.#fill();
  }

  /** The batches of the next step, which the caller disposes. Rejects with `signal.reason`, or ERR_MIMDET_DATASET. */
  async take(): Promise<NextBatches> {
    const start = performance.now();
    const batches = await this.#queue.shift()!;
    const waitMs = performance.now() - start;
    this.#fill();
    return { batches, waitMs };
  }

  /** Ends what is under way and frees what nobody took. */
  async close(): Promise<void> {
    this.#stop.unlink();
    this.#stop.abort();
    for (const made of await Promise.allSettled(this.#queue.splice(0))) {
      if (made.status === 'fulfilled') dispose(made.value);
    }
  }

  #fill(): void {
    const { ahead, steps } = this.options;
    while (this.#queue.length < ahead && this.#next <= steps) {
      const step = this.#make(this.#next++);
      step.catch(() => {}); // told when it is taken
      this.#queue.push(step);
    }
  }

  async #make(step: number): Promise<NativeBatch[]> {
    const { batch, parts } = this.options;
    const size = batch / parts;
    const first = (step - 1) * batch;
    const made = await Promise.allSettled(Array.from({ length: parts }, (_, part) => this.#part(first + part * size, size)));
    const failed = made.find((one) => one.status === 'rejected');
    const batches = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (!failed) return batches;
    dispose(batches);
    throw failed.reason;
  }

  /** @param first place of the first picture, counted over the run */
  async #part(first: number, length: number): Promise<NativeBatch> {
    const { seed, augment } = this.options;
    const { signal } = this.#stop;
    const count = this.pictures.pictures.length;
    const plan = callNative((native) => native.trainingPlan(BigInt(seed), count, first, length));
    const samples = await this.#samples(plan, signal);
    return runNative(
      (job, native) => native.prepareBatch(samples, augment, BigInt(seed), first, job),
      signal,
      (late) => late.dispose(),
    );
  }

  #samples(plan: NativePlan, signal: AbortSignal): Promise<NativeTrainingSample[]> {
    const sample = async (picture: number, i: number): Promise<NativeTrainingSample> => {
      const donor = this.options.donors ? this.pictures.load(plan.donors[i]!, signal) : undefined;
      const [own, other] = await Promise.all([this.pictures.load(picture, signal), donor]);
      return other ? { ...own, donor: other } : own;
    };
    return Promise.all([...plan.pictures].map(sample));
  }
}

export function dispose(batches: readonly NativeBatch[]): void {
  for (const batch of batches) batch.dispose();
}
