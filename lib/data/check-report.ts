// The faults of a data set as text for a terminal or log.
// Before it: open-dataset. After it: `mimdet train --check`, the run's log.
import type { DatasetFault } from './dataset.js';

export interface ReportOptions {
  /** At most this many lines; the rest is counted. Default: all. */
  maxLines?: number;
}

/** One line a fault (file, annotation or class id, what is wrong), and a last line with the counts; '' without faults. */
export declare function checkReport(faults: readonly DatasetFault[], options?: ReportOptions): string;

/** The exit status of a check: 1 where nothing can be trained on, or with `strict` where there is any fault. */
export declare function checkStatus(faults: readonly DatasetFault[], strict: boolean): 0 | 1;
