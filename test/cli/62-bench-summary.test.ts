// What `mimdet bench` makes of its runs. No model is needed for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchPage } from '../../lib/cli/bench-plot.js';
import { summarize, type Measured, type Run } from '../../lib/cli/bench-summary.js';
import { benchText } from '../../lib/cli/bench-text.js';
import type { ModelInfo } from '../../lib/index.js';
import { noTiming } from '../../lib/timing.js';

const info = { preset: 'tiny', parameters: 5e6, device: 'cpu', precision: 'float32', threads: 2 } as ModelInfo;

/** 100 ms: 1 decode, 0.25 queue, 2 preprocess, 80 model (60 of them the encoder's 3 GFLOP), 4 postprocess; the rest is Node's. */
function run(ms: number, predictedMs: number | null): Run {
  const timing = { ...noTiming(), queueMs: 0.25, preprocessMs: 2, modelMs: 80, postprocessMs: 4, batchSize: 1, predictedMs };
  timing.stations.encoder = { ms: 60, multiplyAdds: 1.5e9 };
  return { ms, timing: { ...timing, decodeMs: 1, totalMs: ms } };
}

const measured: Measured = {
  runs: [run(87.5, null), run(88, 86), run(90, 43)],
  seconds: 0.3,
  eventLoopDelayMs: 1,
  peakGflops: 100,
  peakMemoryBytes: 2 ** 28,
  deviceMemoryBytes: 0,
};
const setup = { images: 1, fromFiles: true, warmup: 1, concurrency: 1 };
const summary = summarize(info, setup, measured);

test('rates are operations a second, two a multiply-add, and shares are of the peak', () => {
  assert.deepEqual(summary.stations.encoder, { ms: 60, gflop: 3, gflops: 50, shareOfPeak: 0.5 });
  assert.deepEqual(summary.stations.all, { ms: 60, gflop: 3, gflops: 50, shareOfPeak: 0.5 });
  assert.deepEqual(summary.stations.stem, { ms: 0, gflop: 0, gflops: 0, shareOfPeak: 0 });
});

test('outside the model: queue and Node, for pixels the copy as well; nothing where calls overlap', () => {
  assert.deepEqual(summary.outsideModelMs, { p50: 1, p90: 3, p99: 3 });
  assert.equal(summarize(info, { ...setup, fromFiles: false }, measured).outsideModelMs!.p50, 2);
  assert.equal(summarize(info, { ...setup, concurrency: 2 }, measured).outsideModelMs, null);
});

test('half a million runs are summed up like three', () => {
  const many = { ...measured, runs: Array.from({ length: 500_000 }, (_, i) => measured.runs[i % 3]!) };
  const { mean: _, ...latency } = summarize(info, setup, many).latencyMs;
  assert.deepEqual(latency, { min: 87.5, p50: 88, p90: 90, p99: 90 });
});

test('predictions are compared with the passes that had one, a budget with whole calls', () => {
  assert.deepEqual(summary.prediction, { runs: 2, meanError: 0.25 });
  assert.equal(summary.budget, null);
  assert.deepEqual(summarize(info, { ...setup, budgetMs: 88 }, measured).budget, { ms: 88, keptShare: 2 / 3 });
});

test('the table and the page name every stage; stages sum up to the call', () => {
  const text = benchText(summary, (_, plain) => plain);
  const page = benchPage(summary, measured.runs);
  for (const stage of ['decode', 'queue', 'encoder', 'mask head', 'paste, code', 'Node']) {
    assert.ok(text.includes(stage), stage);
    assert.ok(page.includes(stage), stage);
  }
  assert.match(text, /encoder +60\.00 .* 3\.00 +50 +50\.0 %/);
  const { model, ...around } = summary.stagesMs;
  const sum = model + Object.values(around).reduce((all, ms) => all + ms, 0);
  assert.ok(Math.abs(sum - summary.latencyMs.mean) < 1e-9);
});
