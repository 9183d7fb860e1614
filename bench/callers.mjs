// Many callers with one picture each, against one caller whose batches are always full: what the queue costs. Both take turns in one run.
// node bench/callers.mjs [--callers 64] [--pictures 128] [--rounds 5] [--weights nuclei] [--device cpu] [--threads 2] [--batch 8]
// Status 1 where the many reach less than 95 % of the one (medians), or any result differs from the one of its picture alone.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Detector, decodeImage } from 'mimdet';

const { values: options } = parseArgs({
  options: {
    callers: { type: 'string', default: '64' },
    pictures: { type: 'string', default: '128' },
    rounds: { type: 'string', default: '5' },
    weights: { type: 'string', default: 'nuclei' },
    device: { type: 'string', default: 'cpu' },
    threads: { type: 'string', default: '2' },
    batch: { type: 'string', default: '8' },
  },
});
const [callers, total, rounds, batch] = ['callers', 'pictures', 'rounds', 'batch'].map((name) => Number(options[name]));
const least = 0.95;

const examples = fileURLToPath(new URL('../examples/pictures/', import.meta.url));
const pictures = await Promise.all(readdirSync(examples).map((name) => decodeImage(examples + name)));
const load = { device: options.device, threads: Number(options.threads), maxBatchSize: batch, warmUp: pictures.map(({ width, height }) => ({ width, height })) };
const detector = await Detector.load(options.weights, load);
const alone = [];
for (const picture of pictures) alone.push((await detector.detect(picture)).instances);
let different = 0;

async function look(i) {
  const { instances } = await detector.detect(pictures[i % pictures.length]);
  if (!isDeepStrictEqual(instances, alone[i % pictures.length])) different++;
}

/** A full batch waits whenever one ends. */
async function one() {
  for await (const { index, detections } of detector.detectMany(named(total), { concurrency: 2 * batch }))
    if (!isDeepStrictEqual(detections?.instances, alone[index % pictures.length])) different++;
}

function* named(count) {
  for (let i = 0; i < count; ++i) yield pictures[i % pictures.length];
}

/** Each asks again when it has its answer. */
async function many() {
  let next = 0;
  const caller = async () => {
    while (next < total) await look(next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

async function picturesPerSecond(work) {
  const start = performance.now();
  await work();
  return total / ((performance.now() - start) / 1000);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const rates = { one: [], many: [] };
for (let round = 0; round < rounds; ++round) {
  for (const work of round % 2 ? [one, many] : [many, one]) rates[work.name].push(await picturesPerSecond(work));
}
await detector.close();

const share = median(rates.many) / median(rates.one);
console.log(`one caller, full batches of ${batch}: ${median(rates.one).toFixed(3)} pictures/s (${rates.one.map((rate) => rate.toFixed(2)).join(' ')})`);
console.log(`${callers} callers, a picture each: ${median(rates.many).toFixed(3)} pictures/s (${rates.many.map((rate) => rate.toFixed(2)).join(' ')})`);
console.log(`${(100 * share).toFixed(1)} %; ${different} of ${2 * rounds * total} results differ from the picture's alone`);
process.exitCode = share >= least && different === 0 ? 0 : 1;
