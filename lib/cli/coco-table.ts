// The twelve lines that everybody who evaluates on COCO knows by heart, in pycocotools' own wording, and AP of each category.
// Before it: `evaluate()`. After it: standard output.
import type { EvaluationSummary, IouSummary } from '../index.js';
import { printable, table, type Paint } from './terminal.js';

/** Which member of the summary stands in which line; AR's members are named after the numbers of detections. */
function lines(summary: IouSummary): [key: string, kind: 'AP' | 'AR', iou: string, area: string, maxDets: number][] {
  const counts = Object.keys(summary)
    .map((key) => /^AR(\d+)$/.exec(key)?.[1])
    .filter((count) => count !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  const all = '0.50:0.95';
  const most = counts.at(-1) ?? 100;
  return [
    ['AP', 'AP', all, 'all', most],
    ['AP50', 'AP', '0.50', 'all', most],
    ['AP75', 'AP', '0.75', 'all', most],
    ['APs', 'AP', all, 'small', most],
    ['APm', 'AP', all, 'medium', most],
    ['APl', 'AP', all, 'large', most],
    ...counts.map((count): [string, 'AR', string, string, number] => [`AR${count}`, 'AR', all, 'all', count]),
    ['ARs', 'AR', all, 'small', most],
    ['ARm', 'AR', all, 'medium', most],
    ['ARl', 'AR', all, 'large', most],
  ];
}

const titles = { AP: 'Average Precision', AR: 'Average Recall' };

function cocoLines(summary: IouSummary): string {
  const values = summary as unknown as Record<string, number>;
  return lines(summary)
    .map(([key, kind, iou, area, maxDets]) => {
      const where = `IoU=${iou.padEnd(9)} | area=${area.padStart(6)} | maxDets=${String(maxDets).padStart(3)}`;
      return ` ${titles[kind].padEnd(18)} (${kind}) @[ ${where} ] = ${(values[key] ?? -1).toFixed(3)}\n`;
    })
    .join('');
}

function categoryTable(summary: IouSummary, paint: Paint): string {
  const rows = Object.entries(summary.perCategory).map(([name, ap]) => [printable(name), ap < 0 ? 'no objects' : ap.toFixed(3)]);
  return table([{ title: 'CATEGORY' }, { title: 'AP', right: true }], rows, paint, ' ');
}

export function evaluationText(summary: EvaluationSummary, paint: Paint): string {
  const parts = (['bbox', 'segm'] as const).flatMap((type) => {
    const numbers = summary[type];
    return numbers ? [`${paint('bold', `Evaluation of ${type}`)}\n${cocoLines(numbers)}\n${categoryTable(numbers, paint)}`] : [];
  });
  return parts.join('\n');
}
