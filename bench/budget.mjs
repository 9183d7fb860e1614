// How well `budgetMs` is kept: first how far passes are from what was predicted of them, at random sample ratios; then, with random
// budgets between what a quarter and what all patches take, how many calls end in time and how much of their time they use.
// node bench/budget.mjs --data FOLDER of pictures [--weights nuclei] [--calls 200] [--threads 2] [--busy N other calls in flight]
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Detector } from 'mimdet';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    weights: { type: 'string', default: 'nuclei' },
    calls: { type: 'string', default: '200' },
    threads: { type: 'string', default: '2' },
    busy: { type: 'string', default: '0' },
  },
});
if (!options.data) throw new Error('Expected a folder of pictures for `--data`');

const pictures = readdirSync(options.data).map((name) => join(options.data, name));
const calls = Number(options.calls);
const detector = await Detector.load(options.weights, { device: 'cpu', threads: Number(options.threads) });

/** The same numbers in every run. */
let state = 1;
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const anyPicture = () => pictures[Math.floor(random() * pictures.length)];
const quantile = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(share * numbers.length))];
const percent = (share) => `${(100 * share).toFixed(1)} %`;

async function timed(detect) {
  const start = performance.now();
  const { timing } = await detector.detect(anyPicture(), detect);
  return { ms: performance.now() - start, timing };
}

/** Calls that nobody waits for, so that the queue is never empty. */
let stopping = false;
const crowd = Array.from({ length: Number(options.busy) }, async () => {
  while (!stopping) await detector.detect(anyPicture());
});

const free = [];
for (let i = 0; i < calls; ++i) free.push(await timed({ sampleRatio: 0.25 + 0.75 * random() }));
const known = free.filter(({ timing }) => timing.predictedMs !== null);
const errors = known.map(({ timing }) => {
  const ms = timing.preprocessMs + timing.modelMs + timing.postprocessMs;
  return (timing.predictedMs - ms) / ms;
});
const sizes = errors.map(Math.abs);
console.log(`${known.length} predictions at random ratios: off by ${percent(quantile(sizes, 0.5))} (median), ${percent(quantile(sizes, 0.95))} (95 of 100),`);
console.log(`bias ${percent(errors.reduce((sum, each) => sum + each, 0) / errors.length)}`);

const times = free.map(({ ms }) => ms);
const [least, most] = [quantile(times, 0.05), quantile(times, 0.95)];
const limited = [];
for (let i = 0; i < calls; ++i) {
  const budgetMs = least + (most - least) * random();
  limited.push({ budgetMs, ...(await timed({ budgetMs })) });
}
stopping = true;
await Promise.all(crowd);
const late = limited.filter(({ ms, budgetMs }) => ms > budgetMs);
const hopeless = late.filter(({ timing }) => timing.sampleRatio === 0.25);
const used = limited.filter(({ timing }) => timing.sampleRatio < 1).map(({ ms, budgetMs }) => ms / budgetMs);
console.log(`${calls} budgets of ${least.toFixed(0)} to ${most.toFixed(0)} ms: ${percent(1 - late.length / calls)} kept, ${percent(hopeless.length / calls)} too short for a quarter;`);
if (used.length > 0) console.log(`where the ratio was below 1, ${percent(quantile(used, 0.5))} of the budget was used (median), at most ${percent(Math.max(...used))}`);
await detector.close();
