// The page of `mimdet bench --plot`: shares of the stages, latency over the runs and by percentile, in one file that needs no other.
// Before it: bench-summary, bench-parts. After it: a browser.
import { chart } from '../report/chart.js';
import { html, type Html } from '../report/html.js';
import { short } from '../report/numbers.js';
import { frame } from '../report/page-frame.js';
import { shareBar } from '../report/share-bar.js';
import { thin } from '../report/thin.js';
import { benchParts, percentText } from './bench-parts.js';
import type { Run, Summary } from './bench-summary.js';
import { percentile } from './percentiles.js';

export function benchPage(summary: Summary, runs: readonly Run[]): string {
  const title = `${summary.preset} on ${summary.device}, ${summary.precision}`;
  return frame(`mimdet bench: ${title}`, [
    html`<h1>${title}</h1><p class="quiet">${summary.threads} threads, ${summary.runs} runs, ${summary.concurrency} at a time</p>`,
    tiles(summary),
    html`<section id="stages"><h2>Where the time goes</h2>${stageBar(summary)}</section>`,
    html`<section id="latency"><h2>Latency</h2><div class="charts">${overRuns(runs)}${overPercentiles(runs)}</div></section>`,
  ]);
}

function tiles({ imagesPerSecond, latencyMs, stations, peakMemoryBytes }: Summary): Html {
  const facts = [
    ['pictures a second', short(imagesPerSecond)],
    ['latency, p50', `${short(latencyMs.p50)} ms`],
    ['latency, p99', `${short(latencyMs.p99)} ms`],
    ['of the peak', percentText(stations.all.shareOfPeak)],
    ['peak memory', `${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB`],
  ];
  return html`<dl class="tiles">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function stageBar(summary: Summary): Html {
  const parts = benchParts(summary).map(({ name, ms, rate }) => ({
    name,
    ms: Math.max(0, ms),
    more: rate ? [short(rate.gflop), short(rate.gflops), percentText(rate.shareOfPeak)] : ['', '', ''],
  }));
  return shareBar(parts, ['Stage', 'ms', 'Share', 'GFLOP', 'GFLOP/s', 'Of the peak']);
}

function overRuns(runs: readonly Run[]): Html {
  const points = thin(runs.map(({ ms }, i) => [i + 1, ms]));
  return chart({ title: 'Milliseconds of each run', x: 'run', series: [{ name: 'latency', colour: 1, points }] });
}

function overPercentiles(runs: readonly Run[]): Html {
  const times = runs.map(({ ms }) => ms);
  const points = thin(Array.from({ length: 100 }, (_, i) => [i + 1, percentile(times, (i + 1) / 100)]));
  return chart({ title: 'Milliseconds by percentile', x: 'percentile', series: [{ name: 'latency', colour: 2, points }] });
}
