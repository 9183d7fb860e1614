// The faults of a data set as text for a terminal or log.
// Before it: open-dataset. After it: `mimdet train --check`, the run's log.
import type { DatasetFault } from './dataset.js';

export interface ReportOptions {
  /** At most this many lines of one kind of fault; the rest is counted. Default 1000. */
  maxLines?: number;
}

/** Control characters of a file's name would steer the terminal. */
const plain = (text: string) =>
  text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

function line(fault: DatasetFault): string {
  const parts = [fault.file];
  if (fault.annotation !== undefined) parts.push(`annotation ${fault.annotation}`);
  if (fault.class !== undefined) parts.push(`class ${fault.class}`);
  return plain(`${parts.join(': ')}: ${fault.message} (${fault.code})`);
}

function countsByCode(faults: readonly DatasetFault[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { code } of faults) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

/** One line a fault (file, annotation or class id, what is wrong), and a last line with the counts; '' without faults. */
export function checkReport(faults: readonly DatasetFault[], { maxLines = 1000 }: ReportOptions = {}): string {
  if (faults.length === 0) return '';
  const counts = countsByCode(faults);
  const printed = new Map<string, number>();
  const lines: string[] = [];
  for (const fault of faults) {
    const count = (printed.get(fault.code) ?? 0) + 1;
    printed.set(fault.code, count);
    if (count <= maxLines) lines.push(line(fault));
    else if (count === maxLines + 1) lines.push(`… and ${counts.get(fault.code)! - maxLines} more of ${fault.code}`);
  }
  const kinds = [...counts].map(([code, count]) => `${count} ${code}`).join(', ');
  lines.push(`${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}: ${kinds}`);
  return `${lines.join('\n')}\n`;
}

/** The exit status of a check: 1 where nothing can be trained on, or with `strict` where there is any fault. */
export function checkStatus(faults: readonly DatasetFault[], strict: boolean): 0 | 1 {
  return faults.some(({ fatal }) => fatal || strict) ? 1 : 0;
}
