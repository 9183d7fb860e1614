// `mimdet bench`: how fast a model is on this machine, end to end from the file, and whether the event loop stays free meanwhile.
// Stations: warm up → timed runs (one after the other, or --concurrency) → percentiles → table or JSON.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Options } from 'yargs';
import { Detector, type DetectOptions, type ImageInput, type Timing } from '../index.js';
import { integer } from '../validate.js';
import { madeUpPicture, parseSize } from './bench-picture.js';
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
import { mean, percentile } from './percentiles.js';
import { Progress } from './progress.js';
import { pairs, paintFor } from './terminal.js';

interface Args extends ModelArgs, DetectArgs {
  images?: string[];
  size?: { width: number; height: number };
  warmup: number;
  runs: number;
  concurrency: number;
  json: boolean;
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

interface Run {
  ms: number;
  timing: Timing;
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

const stages = ['decodeMs', 'queueMs', 'preprocessMs', 'modelMs', 'postprocessMs'] as const;

/** The event loop's timer fires every `resolution` ms when it is free; what is above that is delay. */
const resolution = 10;

async function measure(detector: Detector, images: ImageInput[], args: Args, signal: AbortSignal) {
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
    return { measured, seconds, eventLoopDelayMs: Math.max(0, delay.percentile(99) / 1e6 - resolution) };
  } finally {
    progress.clear();
  }
}

function summarize(detector: Detector, images: number, args: Args, result: Awaited<ReturnType<typeof measure>>) {
  const { measured, seconds, eventLoopDelayMs } = result;
  const times = measured.map((run) => run.ms);
  return {
    preset: detector.info.preset,
    parameters: detector.info.parameters,
    images,
    warmup: args.warmup,
    runs: args.runs,
    concurrency: args.concurrency,
    imagesPerSecond: measured.length / seconds,
    latencyMs: {
      mean: mean(times),
      min: Math.min(...times),
      p50: percentile(times, 0.5),
      p90: percentile(times, 0.9),
      p99: percentile(times, 0.99),
    },
    stagesMs: Object.fromEntries(stages.map((stage) => [stage.slice(0, -2), mean(measured.map((run) => run.timing[stage]))])),
    eventLoopDelayP99Ms: eventLoopDelayMs,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    deviceMemoryBytes: detector.stats().deviceBytes,
  };
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function text(summary: ReturnType<typeof summarize>): string {
  const { runs, warmup, concurrency, images, latencyMs: latency, deviceMemoryBytes: device } = summary;
  const entries: [string, string][] = [
    ['model', `${summary.preset}, ${(summary.parameters / 1e6).toFixed(1)} million parameters`],
    ['runs', `${runs} (after ${warmup} to warm up), ${concurrency} at a time, pictures: ${images}`],
    ['pictures/s', summary.imagesPerSecond.toFixed(2)],
    ['latency', `p50 ${ms(latency.p50)}  p90 ${ms(latency.p90)}  p99 ${ms(latency.p99)}  mean ${ms(latency.mean)}`],
    [
      'stages',
      Object.entries(summary.stagesMs)
        .map(([stage, value]) => `${stage} ${ms(value)}`)
        .join('  '),
    ],
    ['event loop', `delay p99 ${ms(summary.eventLoopDelayP99Ms)}`],
    ['memory', `peak ${mebibytes(summary.peakMemoryBytes)}${device > 0 ? `, device ${mebibytes(device)}` : ''}`],
  ];
  return pairs(entries, paintFor(process.stdout));
}

async function run(inputs: string[], args: Args, signal: AbortSignal): Promise<number> {
  const detector = await Detector.load(weightsOf(args), loadOptions(args, signal));
  try {
    const images = await pictures(inputs, args, detector);
    const summary = summarize(detector, images.length, args, await measure(detector, images, args, signal));
    await writeOut(args.json ? `${JSON.stringify(summary, null, 2)}\n` : text(summary));
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
  ],
  run,
});
