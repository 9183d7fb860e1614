// The trainer that people hold in hands: a configuration in, steps out, and a folder with the results. Before it: a user's
// program, `mimdet train`. After it: lib/train/open-run.ts and lib/train/run.ts.
import { MimdetError } from './errors.js';
import { toPath } from './location.js';
import { readTrainConfig, type CheckedConfig, type TrainConfig } from './train/config.js';
import type { OnEvent, TrainOutcome, TrainStep } from './train/events.js';
import { openRun } from './train/open-run.js';
import { Run } from './train/run.js';
import type { Check } from './validate.js';
import { abortSignal, expected, flag, readOptions } from './validate.js';

export interface RunOptions {
  /** Ends the run after a checkpoint; the loop then throws `signal.reason`. */
  signal?: AbortSignal;
  /** Go on from `checkpoints/last` in the run's folder, bit for bit; without one the run starts. Default false. */
  resume?: boolean;
  /** Told of faults in the data, notes, and progress of checks and evaluations. */
  onEvent?: OnEvent;
}

const onEvent: Check<OnEvent> = (value, name) => {
  if (typeof value !== 'function') throw expected('a function', name, value);
  return value as OnEvent;
};

const runOptions = { signal: abortSignal, resume: flag, onEvent };

export class Trainer implements AsyncDisposable {
  /** The configuration with its defaults. */
  readonly config: CheckedConfig;
  #outcome: TrainOutcome | undefined;
  #current: { run: Run; close: () => Promise<void> } | undefined;
  #isRunning = false;

  /**
   * @param config see docs/training.md; `data` alone must be there
   * @throws ERR_MIMDET_INVALID_ARGUMENT, naming the key that is wrong
   */
  constructor(config: TrainConfig) {
    this.config = readTrainConfig(config);
  }

  /** How the last run ended; undefined before it has ended by itself. */
  get outcome(): TrainOutcome | undefined {
    return this.#outcome;
  }

  /**
   * Trains: yields every step when it is done. Leaving the loop stops the run with a checkpoint, as an abort does.
   * @throws ERR_MIMDET_DATASET, _WEIGHTS, _DEVICE, _OUT_OF_MEMORY; ERR_MIMDET_DIVERGED where the loss is no number any more;
   *   `signal.reason` on an abort
   */
  async *run(options?: RunOptions): AsyncGenerator<TrainStep, TrainOutcome, undefined> {
    const { signal, resume = false, onEvent = () => {} } = readOptions(runOptions, options);
    if (this.#isRunning) throw expected('one run at a time', 'run', 'another');
    this.#isRunning = true;
    try {
      signal?.throwIfAborted();
      await this.close();
      const opened = await openRun(this.config, { resume, signal, onEvent });
      this.#current = { run: await Run.start(opened, signal, onEvent), close: () => opened.trainer.close() };
      this.#outcome = yield* this.#current.run.steps();
      return this.#outcome;
    } finally {
      this.#isRunning = false;
    }
  }

  /**
   * Writes the weights as they are now (their moving average where there is one) for `Detector.load`: while the run goes on or
   * after it, until `close()`.
   */
  async save(path: string | URL): Promise<void> {
    const file = toPath(path, 'path');
    if (!this.#current)
      throw new MimdetError('ERR_MIMDET_DISPOSED', 'Expected a run for `save` but received none, or a closed one');
    await this.#current.run.writeWeights(file);
  }

  /** Frees the model. Not while a run goes on: that one is stopped by its signal. */
  async close(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
