// metrics.jsonl: one line a step, one an evaluation. A run that goes on from a checkpoint cuts off what came after it.
// Before it: run.ts. After it: lib/report, whoever plots.
import { open, readFile, type FileHandle } from 'node:fs/promises';
import type { EvaluationSummary } from '../evaluator.js';
import type { NativeStepReport } from '../native-types.js';

export interface StepMetrics {
  /** Counted from 1. */
  step: number;
  /** Of a parameter group with factor 1. */
  lr: number;
  /** The sum of the five. */
  loss: number;
  losses: NativeStepReport['losses'];
  /** Norm of all gradients, before clipping. */
  gradNorm: number;
  /** True objects on the pictures of the step. */
  objects: number;
  /** Regions that the mask and box losses learnt from. */
  foreground: number;
  /** Where the time went. */
  ms: NativeStepReport['ms'];
  /** How long the step waited for its pictures. */
  waitMs: number;
  imagesPerSecond: number;
}

export interface EvaluationMetrics {
  step: number;
  eval: EvaluationSummary;
  seconds: number;
}

export type MetricsRecord = StepMetrics | EvaluationMetrics;

export class MetricsFile {
  private constructor(
    private readonly file: FileHandle,
    private length: number,
  ) {}

  /** @param keep bytes of an earlier part of the run that stay; the rest is cut off */
  static async open(path: string, keep: number): Promise<MetricsFile> {
    const file = await open(path, 'a');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, keep);
      if (size > length) await file.truncate(length);
      return new MetricsFile(file, length);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async append(record: MetricsRecord): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    await this.file.appendFile(line);
    this.length += line.length;
  }

  /** Everything so far is on the disk. @returns the file's length in bytes */
  async sync(): Promise<number> {
    await this.file.datasync();
    return this.length;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** All whole lines of a file; a last one that was cut off is left out. */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as MetricsRecord);
}
