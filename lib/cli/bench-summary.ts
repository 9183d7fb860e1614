// The numbers of `mimdet bench`, out of its runs. Before it: bench. After it: bench-text, bench-plot, or JSON as it is.
import type { ModelInfo, Timing } from '../index.js';
import { stationNames } from '../timing.js';
import { mean, percentile } from './percentiles.js';

export interface Run {
  /** Of the whole call. */
  ms: number;
  timing: Timing;
}

export interface Measured {
  runs: Run[];
  seconds: number;
  eventLoopDelayMs: number;
  peakGflops: number;
  peakMemoryBytes: number;
  deviceMemoryBytes: number;
}

export interface Setup {
  /** How many pictures take turns. */
  images: number;
  /** Read from files and decoded, not pixels that are there. */
  fromFiles: boolean;
  warmup: number;
  concurrency: number;
  budgetMs?: number | undefined;
}

/** A station of the model: its time and arithmetic, means of a picture. */
export interface StationSummary {
  ms: number;
  gflop: number;
  gflops: number;
  shareOfPeak: number;
}

const stages = ['decode', 'queue', 'preprocess', 'model', 'postprocess'] as const;
const gigaflop = (multiplyAdds: number) => (2 * multiplyAdds) / 1e9;

export type Summary = ReturnType<typeof summarize>;

export function summarize(info: ModelInfo, setup: Setup, measured: Measured) {
  const { runs, seconds, peakGflops, eventLoopDelayMs, ...memory } = measured;
  const { fromFiles, budgetMs, ...said } = setup;
  const times = runs.map(({ ms }) => ms);
  return {
    preset: info.preset,
    parameters: info.parameters,
    device: info.device,
    precision: info.precision,
    threads: info.threads,
    ...said,
    runs: runs.length,
    imagesPerSecond: runs.length / seconds,
    latencyMs: { mean: mean(times), min: percentile(times, 0), ...percentiles(times) },
    stagesMs: { ...stagesOf(runs), node: mean(runs.map(nodeMs)) },
    /** Node, queue and copies. With several calls in flight the queue is full of other pictures' work: null. */
    outsideModelMs: setup.concurrency === 1 ? percentiles(runs.map((run) => outsideMs(run, fromFiles))) : null,
    peakGflops,
    stations: stationsOf(runs, info.device, peakGflops),
    sampleRatio: mean(runs.map(({ timing }) => timing.sampleRatio)),
    prediction: predictionOf(runs),
    budget: budgetMs === undefined ? null : { ms: budgetMs, keptShare: mean(times.map((ms) => Number(ms <= budgetMs))) },
    eventLoopDelayP99Ms: eventLoopDelayMs,
    ...memory,
  };
}

const percentiles = (values: readonly number[]) => ({
  p50: percentile(values, 0.5),
  p90: percentile(values, 0.9),
  p99: percentile(values, 0.99),
});

function stagesOf(runs: Run[]) {
  const entries = stages.map((stage) => [stage, mean(runs.map(({ timing }) => timing[`${stage}Ms`]))]);
  return Object.fromEntries(entries) as Record<(typeof stages)[number], number>;
}

/** What no stage accounts for: promises, objects, the way to the compute thread and back. */
function nodeMs({ ms, timing }: Run): number {
  return ms - stages.reduce((sum, stage) => sum + timing[`${stage}Ms`], 0);
}

/** Pixels that are there already are only copied: that counts. */
function outsideMs(run: Run, fromFiles: boolean): number {
  return nodeMs(run) + run.timing.queueMs + (fromFiles ? 0 : run.timing.decodeMs);
}

/** On the CPU pictures of a batch go through the model one by one. */
function stationsOf(runs: Run[], device: string, peakGflops: number) {
  const pictures = (timing: Timing) => (device === 'cpu' ? 1 : timing.batchSize);
  const entries = stationNames.map((name) => {
    const ms = mean(runs.map(({ timing }) => timing.stations[name].ms / pictures(timing)));
    const gflop = gigaflop(mean(runs.map(({ timing }) => timing.stations[name].multiplyAdds / pictures(timing))));
    return [name, rateOf(ms, gflop, peakGflops)] as const;
  });
  const sum = (key: 'ms' | 'gflop') => entries.reduce((all, [, station]) => all + station[key], 0);
  const stations = Object.fromEntries(entries) as Record<(typeof stationNames)[number], StationSummary>;
  return { ...stations, all: rateOf(sum('ms'), sum('gflop'), peakGflops) };
}

function rateOf(ms: number, gflop: number, peakGflops: number): StationSummary {
  const gflops = ms > 0 ? gflop / (ms / 1000) : 0;
  return { ms, gflop, gflops, shareOfPeak: gflops / peakGflops };
}

/** How far a pass was from what had been predicted of it, as a share of its time. */
function predictionOf(runs: Run[]): { runs: number; meanError: number } | null {
  const errors = runs.flatMap(({ timing }) => {
    if (timing.predictedMs === null) return [];
    const ms = timing.preprocessMs + timing.modelMs + timing.postprocessMs;
    return [Math.abs(timing.predictedMs - ms) / ms];
  });
  return errors.length === 0 ? null : { runs: errors.length, meanError: mean(errors) };
}
