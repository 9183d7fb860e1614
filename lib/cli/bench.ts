// `mimdet bench`: how fast a model is on this machine, end to end from the file, and whether the event loop stays free meanwhile.
// Stations: warm up → timed runs (one after the other, or --concurrency) → bench-summary → bench-text, JSON, bench-plot.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Options } from 'yargs';
import { Detector, type DetectOptions, type ImageInput } from '../index.js';
import { integer } from '../validate.js';
import { madeUpPicture, parseSize } from './bench-picture.js';
import { benchPage } from './bench-plot.js';
import { summarize, type Measured, type Run } from './bench-summary.js';
import { benchText } from './bench-text.js';
import { defineCommand } from './command.js';
import { wrongUsage } from './exit.js';
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
import { expandInputs } from './inputs.js';
import { writeOut } from './output.js';
import { Progress } from './progress.js';
import { paintFor } from './terminal.js';

interface Args extends ModelArgs, DetectArgs {
  images?: string[];
  size?: { width: number; height: number };
  warmup: number;
  runs: number;
  concurrency: number;
  json: boolean;
  plot?: string;
  quiet: boolean;
}

const options: Record<string, Options> = {
  ...modelFlags,
  ...detectFlags,
  images: flags.text('pictures, folders or patterns, taken in turn (default: one made-up picture)', { array: true }),
  size: flags.value(
    'size',
    (given) => parseSize(String(given)),
    'WIDTHxHEIGHT of the made-up picture (default: that of the model)',
  ),
  warmup: flags.value('warmup', integer(0, 1e6), 'runs before the measured ones', { default: 3 }),
  runs: flags.value('runs', integer(1, 1e6), 'measured runs', { default: 20, alias: 'n' }),
  concurrency: flags.value('concurrency', integer(1, 1024), 'calls in flight at the same time', { default: 1 }),
  json: { type: 'boolean', default: false, describe: 'the result as JSON' },
  plot: flags.text('an HTML page with shares of the stages and charts of the latency'),
  quiet,
};

async function pictures(inputs: string[], args: Args, detector: Detector): Promise<ImageInput[]> {
  const files: string[] = [];
  for await (const item of expandInputs([...inputs, ...(args.images ?? [])], { recursive: false, stdin: process.stdin })) {
    if (item.error) throw item.error;
    files.push(item.file);
  }
  if (files.length > 0) return files;
  if (inputs.length > 0 || args.images)
    throw wrongUsage('Expected at least one picture for `--images` but received folders without any');
  return [madeUpPicture(args.size ?? { width: detector.info.minSize, height: detector.info.minSize })];
}

interface Calls {
  concurrency: number;
  detect: DetectOptions;
  onRun: () => void;
}

/** `count` calls, `concurrency` of them in flight; each loop takes the next number until none is left. */
async function runs(
  detector: Detector,
  images: ImageInput[],
  count: number,
  { concurrency, detect, onRun }: Calls,
): Promise<Run[]> {
  const done: Run[] = [];
  let next = 0;
  const loop = async () => {
    for (let i = next++; i < count; i = next++) {
      const start = performance.now();
      const { timing } = await detector.detect(images[i % images.length] as ImageInput, detect);
      done.push({ ms: performance.now() - start, timing });
      onRun();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return done;
}

/** The event loop's timer fires every `resolution` ms when it is free; what is above that is delay. */
const resolution = 10;

async function measure(detector: Detector, images: ImageInput[], args: Args, signal: AbortSignal): Promise<Measured> {
  const progress = new Progress(args.warmup + args.runs, args);
  const calls = { concurrency: args.concurrency, detect: detectOptions(args, signal), onRun: () => progress.step() };
  try {
    await runs(detector, images, args.warmup, calls);
    const delay = monitorEventLoopDelay({ resolution });
    delay.enable();
    const start = performance.now();
    const measured = await runs(detector, images, args.runs, calls);
    const seconds = (performance.now() - start) / 1000;
    delay.disable();
    return {
      runs: measured,
      seconds,
      eventLoopDelayMs: Math.max(0, delay.percentile(99) / 1e6 - resolution),
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      deviceMemoryBytes: detector.stats().deviceBytes,
      peakGflops: await detector.measurePeak(),
    };
  } finally {
    progress.clear();
  }
}

async function run(inputs: string[], args: Args, signal: AbortSignal): Promise<number> {
  const detector = await Detector.load(weightsOf(args), loadOptions(args, signal));
  try {
    const images = await pictures(inputs, args, detector);
    const { warmup, concurrency, budgetMs } = args;
    const setup = { images: images.length, fromFiles: typeof images[0] === 'string', warmup, concurrency, budgetMs };
    const measured = await measure(detector, images, args, signal);
    const summary = summarize(detector.info, setup, measured);
    await writeOut(args.json ? `${JSON.stringify(summary, null, 2)}\n` : benchText(summary, paintFor(process.stdout)));
    if (args.plot !== undefined) await writeOut(benchPage(summary, measured.runs), args.plot, '--plot');
    return 0;
  } finally {
    await detector.close();
  }
}

export const bench = defineCommand<Args>({
  name: 'bench',
  operands: '[INPUT…]',
  count: { min: 0, max: Infinity },
  summary: 'measure speed and memory on this machine',
  details: 'Times are end to end: reading and decoding the file, the model, the masks.',
  options,
  examples: [
    ['mimdet bench --weights nuclei', 'one made-up picture, 20 runs'],
    ['mimdet bench --weights nuclei --images photos/ --runs 200 --concurrency 4 --json', 'pictures in turn, four in flight'],
    ['mimdet bench --weights nuclei --images photos/ --budget-ms 60 --plot bench.html', 'how well a budget is kept, and a page of it'],
  ],
  run,
});
