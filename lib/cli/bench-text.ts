// The table of `mimdet bench`. Before it: bench-summary, bench-parts. After it: standard output.
import { benchParts, percentText, type BenchPart } from './bench-parts.js';
import type { Summary } from './bench-summary.js';
import { pairs, table, type Paint } from './terminal.js';

const ms = (value: number) => `${value.toFixed(1)} ms`;
const fine = (value: number) => `${value.toFixed(2)} ms`;
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

export function benchText(summary: Summary, paint: Paint): string {
  return `${pairs(facts(summary), paint)}\n${partsTable(summary, paint)}`;
}

function facts(summary: Summary): [string, string][] {
  const { latencyMs: latency, outsideModelMs: outside, stations, prediction, budget, deviceMemoryBytes: device } = summary;
  const facts: [string, string | undefined][] = [
    ['model', `${summary.preset}, ${(summary.parameters / 1e6).toFixed(1)} million parameters`],
    ['device', `${summary.device}, ${summary.precision}, ${summary.threads} threads`],
    ['runs', `${summary.runs} (after ${summary.warmup} to warm up), ${summary.concurrency} at a time, pictures: ${summary.images}`],
    ['pictures/s', summary.imagesPerSecond.toFixed(2)],
    ['latency', `p50 ${ms(latency.p50)}  p90 ${ms(latency.p90)}  p99 ${ms(latency.p99)}  mean ${ms(latency.mean)}`],
    ['outside the model', outside ? `p50 ${fine(outside.p50)}  p99 ${fine(outside.p99)} (Node, queue, copies)` : undefined],
    ['arithmetic', `${stations.all.gflop.toFixed(1)} GFLOP a picture, ${rateText(stations.all)} of ${summary.peakGflops.toFixed(0)} measured`],
    ['sample ratio', summary.sampleRatio < 1 ? summary.sampleRatio.toFixed(3) : undefined],
    ['budget', budget ? `${budget.ms} ms, kept by ${percentText(budget.keptShare)} of the runs` : undefined],
    ['prediction', prediction ? `off by ${percentText(prediction.meanError)} in the mean` : undefined],
    ['event loop', `delay p99 ${ms(summary.eventLoopDelayP99Ms)}`],
    ['memory', `peak ${mebibytes(summary.peakMemoryBytes)}${device > 0 ? `, device ${mebibytes(device)}` : ''}`],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

const rateText = ({ gflops, shareOfPeak }: { gflops: number; shareOfPeak: number }) =>
  `${gflops.toFixed(0)} GFLOP/s (${percentText(shareOfPeak)})`;

function partsTable(summary: Summary, paint: Paint): string {
  const parts = benchParts(summary);
  const sum = parts.reduce((all, part) => all + part.ms, 0);
  const columns = ['stage', 'ms', 'share', 'GFLOP', 'GFLOP/s', 'of the peak'].map((title, i) => ({ title, right: i > 0 }));
  return table(columns, parts.map((part) => row(part, sum)), paint);
}

function row({ name, ms, rate }: BenchPart, sum: number): string[] {
  const cells = [name, ms.toFixed(2), percentText(ms / sum)];
  return rate ? [...cells, rate.gflop.toFixed(2), rate.gflops.toFixed(0), percentText(rate.shareOfPeak)] : cells;
}
