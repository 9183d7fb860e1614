// What a run leaves for people beside its weights: TensorBoard's event files while it goes, report.html at its end.
// Before it: run.ts. After it: lib/report.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { EvaluationSummary } from '../evaluator.js';
import { writeReport, type Validation } from '../report/report.js';
import { isEvaluation, scalarsOf } from '../report/scalars.js';
import { TensorBoardWriter } from '../report/tensorboard.js';
import { evaluateWeights, type Evaluated } from './evaluation.js';
import { readMetrics, type MetricsRecord } from './metrics.js';
import type { OpenedRun } from './open-run.js';

export class RunRecord {
  private readonly board: TensorBoardWriter | undefined;

  constructor(private readonly run: OpenedRun) {
    const { config, state, folder } = run;
    if (config.output.tensorboard)
      this.board = new TensorBoardWriter(folder.path, state.step > 0 ? { purgeStep: state.step + 1 } : {});
  }

  add(record: MetricsRecord): void {
    this.board?.scalars(record.step, scalarsOf(record));
  }

  /** What was added is on the disk. */
  async flush(): Promise<void> {
    await this.board?.flush();
  }

  async close(): Promise<void> {
    await this.board?.close();
  }

  /** What the evaluation after that step said. */
  async evaluationAt(step: number | undefined): Promise<EvaluationSummary | null> {
    const records = step === undefined ? [] : await readMetrics(this.run.folder.metrics);
    const found = records.find((record) => record.step === step && isEvaluation(record));
    return found && isEvaluation(found) ? found.eval : null;
  }

  /**
   * @param evaluated what the best weights found, where this part of the run knows it
   * @returns the report's path, or null where none is wanted
   */
  async finish(evaluated: Evaluated | undefined, signal: AbortSignal | undefined): Promise<string | null> {
    const { config, folder, data } = this.run;
    if (!config.output.report) return null;
    await writeReport(folder.report, {
      title: `Training report: ${basename(folder.path)}`,
      metrics: await readMetrics(folder.metrics),
      facts: factsOf(this.run),
      config: await readFile(folder.config, 'utf8'),
      notes: data.notes,
      faults: data.faults,
      validation: await this.validation(evaluated, signal),
      signal,
    });
    return folder.report;
  }

  private async validation(
    evaluated: Evaluated | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Validation | undefined> {
    const { data, folder, numbers, config } = this.run;
    if (data.val.pictures.length === 0) return undefined;
    const { maxDets } = config.output;
    const { threads, device } = numbers;
    const found = evaluated ?? (await evaluateWeights(folder.weights, data.val, { maxDets, threads, device, signal }));
    return { dataset: data.val, detections: found.detections, masks: found.masks, maxDets };
  }
}

function factsOf({ model, numbers, pictures, data }: OpenedRun): Record<string, string> {
  const { encoder, minSize, maxSize } = model.config;
  return {
    'Starts from': model.from,
    Model: `encoder ${encoder.dim} x ${encoder.depth}, pictures of ${minSize} to ${maxSize} pixels`,
    Data: `${pictures.pictures.length} pictures to train on, ${data.val.pictures.length} to evaluate`,
    Length: `${numbers.steps} steps of ${numbers.batch} pictures`,
  };
}
