// What a run leaves for people beside its weights: TensorBoard's event files while it goes, report.html at its end.
// Before it: run.ts. After it: lib/report.
import type { EvaluationSummary } from '../evaluator.js';
import { isEvaluation, scalarsOf } from '../report/scalars.js';
import { TensorBoardWriter } from '../report/tensorboard.js';
import type { Evaluated } from './evaluation.js';
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

  /** @returns the report's path, or null where none is wanted */
  async finish(_evaluated: Evaluated | undefined): Promise<string | null> {
    return null;
  }
}
