// `mimdet detect`: pictures in, instances out, in the order of the inputs and as soon as each is done.
// Stations: inputs → Detector.detectMany → result-format (table, jsonl, coco) → output; drawing beside it.
import type { Options } from 'yargs';
import { Detector, type Detections, type DetectManyOptions } from '../index.js';
import { integer } from '../validate.js';
import { CocoIds } from './coco-ids.js';
import { defineCommand } from './command.js';
import { Drawing } from './drawing.js';
import { failureOf, wrongUsage } from './exit.js';
import {
  detectFlags,
  detectOptions,
  flags,
  loadOptions,
  modelFlags,
  quiet,
  weightsOf,
  type DetectArgs,
  type ModelArgs,
} from './flags.js';
import { expandInputs, type Item } from './inputs.js';
import { openOutput } from './output.js';
import { Progress } from './progress.js';
import { tileFlags, tileOption, type TileArgs } from './tile-flags.js';
import { ttaFlags, ttaOption, type TtaArgs } from './tta-flags.js';
import { makeFormat, type FormatName, type Ids, type Result } from './result-format.js';

interface Args extends ModelArgs, DetectArgs, TileArgs, TtaArgs {
  recursive: boolean;
  format?: FormatName;
  out?: string;
  draw?: string;
  drawScale?: number;
  data?: string;
  concurrency?: number;
  quiet: boolean;
}

const options: Record<string, Options> = {
  ...modelFlags,
  ...detectFlags,
  ...tileFlags,
  ...ttaFlags,
  recursive: { type: 'boolean', default: false, alias: 'r', describe: 'look into the folders of folders' },
  format: { choices: ['table', 'jsonl', 'coco'], nargs: 1, describe: 'default: table on a terminal, else jsonl' },
  out: flags.text('write the results to this file instead of standard output', { alias: 'o' }),
  draw: flags.text('a folder for the pictures with masks, boxes and names drawn onto them (PNG)'),
  'draw-scale': flags.value('draw-scale', integer(1, 16), 'enlarge the drawn pictures so many times (default 1)'),
  data: flags.text('a COCO JSON whose image and category ids --format coco uses'),
  concurrency: flags.value('concurrency', integer(1, 1024), 'pictures that are decoded and computed at the same time'),
  quiet,
};

/** `total` is undefined while it is not known. */
type Gathered = { items: Item[]; total: number } | { items: AsyncIterable<Item>; total: undefined };

/** Inputs that are known beforehand are counted; a list on standard input is taken as it comes. */
async function gather(inputs: string[], recursive: boolean): Promise<Gathered> {
  const items = expandInputs(inputs, { recursive, stdin: process.stdin });
  if (inputs.includes('-')) return { items, total: undefined };
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  checkSomethingToDo(all);
  return { items: all, total: all.length };
}

/** Patterns without a match and empty folders alone are a wrong command line; beside pictures they are one bad input of many. */
function checkSomethingToDo(items: Item[]): void {
  if (items.some((item) => item.error?.code !== 'ERR_MIMDET_INVALID_ARGUMENT')) return;
  throw items[0]?.error ?? wrongUsage('Expected at least one picture for `inputs` but received folders or lists without any');
}

/**
 * Results in the order of the items. Items that are an error already go round the detector: they wait in `early`, by the
 * number of pictures before them, until those are done.
 */
async function* detectItems(
  detector: Detector,
  items: AsyncIterable<Item> | Iterable<Item>,
  settings: DetectManyOptions,
): AsyncGenerator<Result> {
  const early = new Map<number, Item[]>();
  let pictures = 0;
  async function* files() {
    for await (const item of items) {
      if (!item.error) yield (pictures++, item.file);
      else early.set(pictures, [...(early.get(pictures) ?? []), item]);
    }
  }
  let number = 0;
  const waiting = (before: number): Result[] => {
    const items = early.get(before) ?? [];
    early.delete(before);
    return items.map((item) => ({ ...item, number: ++number }));
  };
  for await (const { input, index, detections, error } of detector.detectMany(files(), settings)) {
    yield* waiting(index);
    yield detections ? { file: String(input), number: ++number, detections } : { file: String(input), number: ++number, error };
  }
  yield* waiting(pictures);
}

function tell(progress: Progress, text: string): void {
  progress.clear();
  process.stderr.write(`${text}\n`);
}

/** @returns what gives the ids once the model's classes are known */
async function readIds(data: string | undefined): Promise<(classes: readonly string[]) => Ids | undefined> {
  if (data === undefined) return () => undefined;
  const ids = await CocoIds.read(data);
  return (classes) => ({ imageId: (file) => ids.imageId(file), categoryIds: ids.categoryIds(classes) });
}

/** Everything that a run needs, opened in the order in which a mistake is found soonest. */
async function prepare(inputs: string[], args: Args, signal: AbortSignal) {
  const weights = weightsOf(args);
  const { items, total } = await gather(inputs, args.recursive);
  const drawing = args.draw === undefined ? undefined : await Drawing.into(args.draw);
  if (total !== undefined) drawing?.keep(items.map(({ file }) => file));
  const idsFor = await readIds(args.data);
  const output = await openOutput(args.out);
  const detector = await Detector.load(weights, loadOptions(args, signal));
  const format = makeFormat(args.format ?? (output.isTerminal ? 'table' : 'jsonl'), output, idsFor(detector.info.classes));
  return { items, drawing, output, detector, format, progress: new Progress(total, args) };
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

interface Count {
  pictures: number;
  failed: number;
  instances: number;
}

async function work(prepared: Prepared, args: Args, settings: DetectManyOptions): Promise<Count> {
  const { items, drawing, output, detector, format, progress } = prepared;
  const count: Count = { pictures: 0, failed: 0, instances: 0 };
  for await (const result of detectItems(detector, items, settings)) {
    if (output.isTerminal) progress.clear();
    const failure = (await format.add(result)) ?? (await draw(drawing, result, args.drawScale));
    if (failure) tell(progress, failure);
    if (failure || result.error) count.failed++;
    count.instances += result.detections?.length ?? 0;
    count.pictures++;
    progress.step();
  }
  return count;
}

async function run(inputs: string[], args: Args, signal: AbortSignal): Promise<number> {
  const passes = { tile: tileOption(args), tta: ttaOption(args) };
  const settings = { ...detectOptions(args, signal), ...passes, concurrency: args.concurrency };
  const prepared = await prepare(inputs, args, signal);
  const start = performance.now();
  let count: Count;
  try {
    count = await work(prepared, args, settings);
  } finally {
    prepared.progress.clear();
    await prepared.format.end().finally(() => prepared.output.close());
    process.stdin.destroy();
    await prepared.detector.close();
  }
  if (count.pictures === 0) throw wrongUsage('Expected at least one picture for `inputs` but received an empty list');
  if (!args.quiet && process.stderr.isTTY) process.stderr.write(summary(count, performance.now() - start));
  return count.failed > 0 ? 1 : 0;
}

/** A picture that cannot be drawn is said and counted; its result stands. */
async function draw(
  drawing: Drawing | undefined,
  result: { file: string; detections?: Detections },
  scale?: number,
): Promise<string | undefined> {
  if (!drawing || !result.detections) return undefined;
  try {
    await drawing.add(result.file, result.detections, { scale });
    return undefined;
  } catch (error) {
    return failureOf(result.file, error);
  }
}

function summary(count: Count, ms: number): string {
  const rate = ((count.pictures / ms) * 1000).toFixed(1);
  const failed = count.failed > 0 ? `, ${count.failed} failed` : '';
  return `${count.pictures} pictures, ${count.instances} instances${failed}, ${(ms / 1000).toFixed(1)} s (${rate} pictures/s)\n`;
}

export const detect = defineCommand<Args>({
  name: 'detect',
  operands: 'INPUT…',
  count: { min: 1, max: Infinity },
  summary: 'find the instances in pictures',
  details:
    'INPUT is a picture, a folder, a pattern (quoted or not), or - for a list on standard input ' +
    '(one name a line, or ended by NUL). ' +
    'A picture that cannot be read gets a line with its error, the rest is done, and the exit status is 1.',
  options,
  examples: [
    ['mimdet detect cells.png --weights nuclei', 'a table of what was found'],
    ["mimdet detect 'photos/**/*.jpg' --weights nuclei --format jsonl --out found.jsonl", 'one line of JSON a picture'],
    ['find . -name "*.png" -print0 | mimdet detect - --weights nuclei --draw drawn/', 'names from standard input'],
  ],
  run,
});
