// The three forms that results are written in: `table` for people, `jsonl` for programs, `coco` for evaluation tools.
// Before it: detect, one result after the other. After it: output.
import type { Detections, Instance, MimdetError } from '../index.js';
import { describeError, failureOf } from './exit.js';
import type { Output } from './output.js';
import { paintFor, printable, table, type Paint } from './terminal.js';

export type FormatName = 'table' | 'jsonl' | 'coco';

/** What came of one input. `number` counts the inputs from 1. */
export interface Result {
  file: string;
  number: number;
  detections?: Detections;
  error?: MimdetError | undefined;
}

export interface Format {
  /** @returns what is to be said on standard error where the form itself has no place for it */
  add(result: Result): Promise<string | undefined>;
  /** Writes what closes the form. It is called after a stop as well, so that what is there can be read. */
  end(): Promise<void>;
}

class JsonLines implements Format {
  constructor(private readonly output: Output) {}

  async add({ file, detections, error }: Result): Promise<undefined> {
    const { code, message } = describeError(error);
    await this.output.write(
      `${JSON.stringify(detections ? { file, ...detections.toJSON() } : { file, error: { code, message } })}\n`,
    );
  }

  async end(): Promise<void> {}
}

/** What the coco form takes its ids from: pictures by name, categories by class id. */
export interface Ids {
  imageId(file: string): number;
  categoryIds: number[];
}

class CocoResults implements Format {
  private written = 0;

  constructor(
    private readonly output: Output,
    private readonly ids: Ids | undefined,
  ) {}

  async add(result: Result): Promise<string | undefined> {
    if (!result.detections) return failureOf(result.file, result.error);
    try {
      const entries = result.detections.toCoco(this.ids?.imageId(result.file) ?? result.number, this.ids?.categoryIds);
      const text = entries.map((entry) => `${this.written++ === 0 ? '[' : ',\n'}${JSON.stringify(entry)}`).join('');
      if (text) await this.output.write(text);
      return undefined;
    } catch (error) {
      return failureOf(result.file, error);
    }
  }

  async end(): Promise<void> {
    await this.output.write(this.written === 0 ? '[]\n' : ']\n');
  }
}

const columns = [
  { title: 'CLASS' },
  { title: 'SCORE', right: true },
  { title: 'X1', right: true },
  { title: 'Y1', right: true },
  { title: 'X2', right: true },
  { title: 'Y2', right: true },
  { title: 'AREA', right: true },
];

function row({ className, score, box, mask }: Instance): string[] {
  const sides = [box.x1, box.y1, box.x2, box.y2].map((side) => side.toFixed(1));
  return [printable(className), score.toFixed(3), ...sides, mask ? String(mask.area) : ''];
}

class Table implements Format {
  private readonly paint: Paint;

  constructor(private readonly output: Output) {
    this.paint = paintFor({ isTTY: output.isTerminal });
  }

  async add(result: Result): Promise<undefined> {
    const text = result.detections ? this.picture(result.file, result.detections) : this.error(result);
    await this.output.write(result.number > 1 ? `\n${text}` : text);
  }

  private picture(file: string, found: Detections): string {
    const noun = found.length === 1 ? 'instance' : 'instances';
    const name = this.paint('bold', printable(file));
    const milliseconds = this.paint('dim', `${Math.round(found.timing.totalMs)} ms`);
    const head = `${name}  ${found.width}×${found.height}  ${found.length} ${noun}  ${milliseconds}\n`;
    return found.length === 0 ? head : head + table(columns, [...found].map(row), this.paint, '  ');
  }

  private error(result: Result): string {
    const { code, message } = describeError(result.error);
    return `${this.paint('bold', printable(result.file))}  ${this.paint('red', code)}: ${printable(message)}\n`;
  }

  async end(): Promise<void> {}
}

export function makeFormat(name: FormatName, output: Output, ids: Ids | undefined): Format {
  if (name === 'jsonl') return new JsonLines(output);
  return name === 'table' ? new Table(output) : new CocoResults(output, ids);
}
