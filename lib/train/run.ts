// The map of a run: batches → step → metrics, and every so often evaluation → best weights → checkpoint, until the steps are
// done, patience ends, or somebody stops it. Before it: open-run.ts. After it: whoever takes the steps (lib/trainer.ts, mimdet
// train).
import { codeOf, MimdetError } from '../errors.js';
import { finishNative, runNative } from '../native.js';
import type { NativeStepReport } from '../native-types.js';
import { expected, Words } from '../validate.js';
import { Batches, dispose } from './batches.js';
import { evaluateWeights, judged, type Evaluated } from './evaluation.js';
import type { OnEvent, TrainOutcome, TrainStep } from './events.js';
import { cardOf } from './model-card.js';
import { MetricsFile, type StepMetrics } from './metrics.js';
import type { OpenedRun } from './open-run.js';
import { RunRecord } from './record.js';

export class Run {
  private batches: Batches | undefined;
  private evaluated: Evaluated | undefined;
  /** The state as it was saved last; '' before. */
  private saved = '';
  /** Model and state are of the same step. Not so where a step's metrics could not be written: such a step is done again. */
  private isWhole = true;

  private constructor(
    private readonly run: OpenedRun,
    private readonly metrics: MetricsFile,
    private readonly record: RunRecord,
    private readonly signal: AbortSignal | undefined,
    private readonly onEvent: OnEvent,
  ) {
    if (run.state.step > 0) this.saved = JSON.stringify(run.state); // a run that goes on has a checkpoint already
  }

  static async start(run: OpenedRun, signal: AbortSignal | undefined, onEvent: OnEvent): Promise<Run> {
    try {
      const metrics = await MetricsFile.open(run.folder.metrics, run.state.metricsBytes);
      return new Run(run, metrics, new RunRecord(run), signal, onEvent);
    } catch (error) {
      run.folder.close();
      await run.trainer.close();
      throw error;
    }
  }

  /** Yields each step when it is done, its evaluation included. Ends early on an abort, with a checkpoint. */
  async *steps(): AsyncGenerator<TrainStep, TrainOutcome, undefined> {
    const { state, numbers } = this.run;
    try {
      if (this.isDue()) await this.evaluate(); // the run was stopped in the middle of it
      this.batches = this.makeBatches();
      while (!this.ended()) {
        const metrics = await this.step();
        const evaluation = this.isDue() ? await this.evaluate() : undefined;
        if (evaluation || state.step % numbers.checkpointEvery === 0) await this.saveCheckpoint();
        yield {
          ...metrics,
          steps: numbers.steps,
          epoch: state.step / numbers.stepsPerEpoch,
          ...(evaluation && { evaluation }),
        };
      }
      return await this.finish();
    } catch (error) {
      throw await this.leave(this.explain(error));
    } finally {
      await this.stop();
    }
  }

  private makeBatches(): Batches {
    const { config, numbers, pictures, augment, state } = this.run;
    const { copyPaste } = config.augment;
    const options = {
      batch: numbers.batch,
      parts: numbers.parts,
      steps: numbers.steps,
      seed: config.schedule.seed,
      augment,
      donors: copyPaste === true || (typeof copyPaste === 'object' && copyPaste !== null),
      ahead: config.compute.prefetch,
    };
    return new Batches(pictures, options, state.step + 1, this.signal);
  }

  private ended(): TrainOutcome['ended'] | undefined {
    const { state, numbers, config } = this.run;
    if (state.step >= numbers.steps) return 'steps';
    const { patience } = config.output;
    return patience > 0 && state.worse >= patience ? 'patience' : undefined;
  }

  private async step(): Promise<StepMetrics> {
    this.signal?.throwIfAborted();
    const { trainer, state, numbers } = this.run;
    const start = performance.now();
    const { batches, waitMs } = await this.batches!.take();
    let report: NativeStepReport;
    try {
      report = await finishNative((job) => trainer.trainStep(batches, job), this.signal);
    } finally {
      dispose(batches);
    }
    const imagesPerSecond = (1000 * numbers.batch) / (performance.now() - start);
    const { step, lr, total: loss, losses, gradNorm, objects, foreground, ms } = report;
    const metrics = { step, lr, loss, losses, gradNorm, objects, foreground, ms, waitMs, imagesPerSecond };
    this.isWhole = false;
    await this.metrics.append(metrics);
    this.record.add(metrics);
    state.step = step;
    this.isWhole = true;
    return metrics;
  }

  /** Whether the weights as they are should be evaluated, and have not been. */
  private isDue(): boolean {
    const { state, numbers, data } = this.run;
    if (data.val.pictures.length === 0 || state.step === 0 || state.evaluatedAt === state.step) return false;
    return state.step % numbers.evaluateEvery === 0 || state.step === numbers.steps;
  }

  private async evaluate(): Promise<TrainStep['evaluation']> {
    const { data, folder, numbers, config } = this.run;
    await this.writeWeights(folder.candidate);
    const evaluated = await evaluateWeights(folder.candidate, data.val, {
      maxDets: config.output.maxDets,
      threads: numbers.threads,
      device: numbers.device,
      signal: this.signal,
      onPicture: (done, total) => this.onEvent({ kind: 'evaluating', done, total }),
    });
    const isBest = await this.judge(evaluated);
    return { ...evaluated.summary, isBest };
  }

  /**
   * Keeps the weights where they are the best so far. The state says so once they and the metrics are on the disk: where one of them
   * fails, a run that goes on evaluates again.
   */
  private async judge(evaluated: Evaluated): Promise<boolean> {
    const { state, folder } = this.run;
    const { step } = state;
    const { ap, of } = judged(evaluated.summary);
    const isBest = state.best === null || ap > state.best.ap;
    if (isBest) await this.writeWeights(folder.weights, evaluated);
    const metrics = { step, eval: evaluated.summary, seconds: evaluated.seconds };
    await this.metrics.append(metrics);
    this.record.add(metrics);
    state.evaluatedAt = step;
    state.worse = isBest ? 0 : state.worse + 1;
    if (!isBest) return false;
    state.best = { step, ap, of };
    this.evaluated = evaluated;
    return true;
  }

  /** As they are used: the moving average where there is one. */
  async writeWeights(path: string, evaluated?: Evaluated): Promise<void> {
    const { trainer, config } = this.run;
    const card = cardOf(this.run, evaluated?.summary);
    const which = config.optimizer.ema > 0 ? 'ema' : 'raw';
    await runNative((job) => trainer.saveWeights(path, which, config.output.half, card, job), undefined);
  }

  private async saveCheckpoint(): Promise<void> {
    const { trainer, state, folder } = this.run;
    await this.record.flush();
    state.metricsBytes = await this.metrics.sync();
    const text = JSON.stringify(state);
    await runNative((job) => trainer.saveCheckpoint(folder.last, text, job), undefined);
    this.saved = text;
    if (state.best?.step === state.step) await folder.keepLastAsBest();
  }

  private async finish(): Promise<TrainOutcome> {
    const { state, folder, numbers } = this.run;
    if (state.best === null) await this.writeWeights(folder.weights);
    await this.saveCheckpoint();
    await folder.tidy();
    const report = await this.record.finish(this.evaluated, this.signal);
    const evaluation = await this.record.evaluationAt(state.best?.step);
    const { best, step } = state;
    const ended = this.ended() ?? 'steps';
    return { folder: folder.path, step, steps: numbers.steps, ended, weights: folder.weights, report, best, evaluation };
  }

  /** A loss that is no number is told with the checkpoint to go back to. */
  private explain(error: unknown): unknown {
    if (/^E[A-Z]+$/.test(codeOf(error))) return diskError(error, this.run.folder.path);
    if (!(error instanceof MimdetError) || error.code !== 'ERR_MIMDET_DIVERGED') return error;
    const { folder, state } = this.run;
    const { step } = (this.saved ? JSON.parse(this.saved) : { step: 0 }) as { step: number };
    this.saved = JSON.stringify(state); // what led here is not worth a checkpoint
    const where =
      step > 0 ? `the last good checkpoint is ${folder.last}, of step ${step}` : 'there is no checkpoint before it';
    return new MimdetError(error.code, `${error.message}; ${where}`, { cause: error });
  }

  /** What was reached before the error is kept. An error of the saving counts only where there is no other. */
  private async leave(error: unknown): Promise<unknown> {
    try {
      await this.batches?.close();
      await this.keep();
      return error;
    } catch (second) {
      this.saved = JSON.stringify(this.run.state); // not tried again
      return this.signal?.aborted ? second : error;
    }
  }

  private async keep(): Promise<void> {
    if (this.isWhole && this.run.state.step > 0 && this.saved !== JSON.stringify(this.run.state)) await this.saveCheckpoint();
  }

  /** Also where the taker of the steps has left in between. */
  private async stop(): Promise<void> {
    try {
      await this.batches?.close();
      await this.keep();
    } finally {
      await this.record.close();
      await this.metrics.close();
      this.run.folder.close();
    }
  }
}

/** The system's own errors (no room, no permission) while the run's folder is written to. */
function diskError(error: unknown, folder: string): MimdetError {
  const why = new Words(`${folder} (${(error as Error).message})`);
  return expected('a folder with room that can be written to', 'output.dir', why, 'ERR_MIMDET_WEIGHTS', error);
}
