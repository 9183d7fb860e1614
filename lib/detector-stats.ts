// A detector's counts as people want to read them. Before it: the addon's sums. After it: `detector.stats()`.
import type { NativeStats } from './native-types.js';

export interface DetectorStats {
  /** Pictures that wait for the model now. */
  queued: number;
  /** Pictures at work now. */
  running: number;
  /** Calls that ended well, were turned away (queue full, deadline), or were aborted, since the model was loaded. */
  completed: number;
  rejected: number;
  cancelled: number;
  batches: number;
  /** Means since the model was loaded; 0 before the first batch. */
  meanBatchSize: number;
  meanWaitingMs: number;
  /** Of a batch. */
  meanComputeMs: number;
  /** Bytes of decoded pictures that wait or are at work, over all detectors of this thread. */
  pictureBytes: number;
  /** Memory taken on the GPU; 0 on the CPU. */
  deviceBytes: number;
}

export function describeStats(
  native: NativeStats,
  { refused, pictureBytes }: { refused: number; pictureBytes: number },
): DetectorStats {
  const { queued, running, completed, cancelled, batches, deviceBytes } = native;
  const mean = (sum: number, count: number) => (count === 0 ? 0 : sum / count);
  return {
    queued,
    running,
    completed,
    rejected: native.rejected + refused,
    cancelled,
    batches,
    meanBatchSize: mean(completed, batches),
    meanWaitingMs: mean(native.waitingMsTotal, completed),
    meanComputeMs: mean(native.computeMsTotal, batches),
    pictureBytes,
    deviceBytes,
  };
}
