// A service's hours in one program: pictures of mixed sizes, calls that are cancelled or late, and rubbish, all at once.
// node bench/soak.mjs [--minutes 60] [--weights nuclei] [--callers 6] [--warm-up MINUTES: default a sixth] [--threads 2]
// Status 1 where a call ends in a way that its kind does not allow, a picture's result differs from its first, or, in runs of half an hour
// and more, resident memory rises by 1 MB an hour or more after the warm-up: least squares over what is resident when all callers have paused,
// once a minute, since beside the work it swings by more than that with the pictures under way (their range is printed too).
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Detector } from 'mimdet';
import sharp from 'sharp';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    weights: { type: 'string', default: 'nuclei' },
    callers: { type: 'string', default: '6' },
    'warm-up': { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});
const minutes = Number(options.minutes);
const warmUpMinutes = Number(options['warm-up'] ?? minutes / 6);
const allowedMbPerHour = 1;
const restEvery = Math.min(60_000, minutes * 10_000);
const leastMinutesToJudge = 30;

const examples = fileURLToPath(new URL('../examples/pictures/', import.meta.url));
const files = readdirSync(examples).map((name) => readFileSync(examples + name));
const shapes = [[64, 64], [200, 120], [120, 300], [256, 256], [640, 480], [333, 777]];
const resized = ([width, height], i) => sharp(files[i % files.length]).resize(width, height, { fit: 'fill' }).png().toBuffer();
const pictures = [...files, ...(await Promise.all(shapes.map(resized)))];
const rubbish = [Buffer.alloc(0), Buffer.from('no picture'), files[0].subarray(0, files[0].length >> 1), Buffer.alloc(4096, 0xff)];

const detector = await Detector.load(options.weights, { device: 'cpu', threads: Number(options.threads), maxBatchSize: 4, maxQueueSize: 64 });
const firsts = new Map();
const counts = {};
const count = (what) => (counts[what] = (counts[what] ?? 0) + 1);
const anyOf = (list) => list[Math.floor(Math.random() * list.length)];

/** How a call of each kind may end. */
const kinds = {
  async plain() {
    const picture = anyOf(pictures);
    const { instances } = await detector.detect(picture);
    if (!firsts.has(picture)) firsts.set(picture, instances);
    return isDeepStrictEqual(instances, firsts.get(picture)) ? 'found' : 'another result';
  },
  async cancelled() {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), Math.random() * 600);
    await detector.detect(anyOf(pictures), { signal: abort.signal, caller: 'impatient' });
    return 'found';
  },
  async late() {
    await detector.detect(anyOf(pictures), { deadlineMs: 1 + Math.random() * 800, priority: anyOf([-1, 0, 1]) });
    return 'found';
  },
  async rubbish() {
    await detector.detect(anyOf(rubbish));
    return 'found';
  },
};
const allowed = {
  plain: ['found'],
  cancelled: ['found', 'AbortError'],
  late: ['found', 'ERR_MIMDET_DEADLINE'],
  rubbish: ['ERR_MIMDET_DECODE', 'ERR_MIMDET_INVALID_ARGUMENT'],
};

const end = performance.now() + minutes * 60_000;
let wrong = 0;
let pause = Promise.resolve();
let atWork = 0;
async function caller() {
  while (performance.now() < end) {
    await pause;
    atWork++;
    const kind = anyOf(['plain', 'plain', 'plain', 'cancelled', 'late', 'rubbish']);
    const ending = await kinds[kind]().catch((error) => (typeof error.code === 'string' ? error.code : error.name));
    atWork--;
    count(`${kind}: ${ending}`);
    if (allowed[kind].includes(ending)) continue;
    wrong++;
    console.error(`${kind} ended with ${ending}`);
  }
}

const residentMb = () => process.memoryUsage().rss / 2 ** 20;
const atRest = [];
const working = [];
const start = performance.now();
const hours = () => (performance.now() - start) / 3_600_000;
const isWarm = () => hours() * 60 >= warmUpMinutes;
const watching = setInterval(() => isWarm() && working.push({ hours: hours(), mb: residentMb() }), 1000);

/** All callers wait; a detector without work gives back what it can within a second. */
async function sampleAtRest() {
  let go;
  pause = new Promise((resolve) => (go = resolve));
  while (atWork > 0) await sleep(20);
  await sleep(2000);
  if (isWarm()) atRest.push({ hours: hours(), mb: residentMb() });
  go();
}

async function sample() {
  while (performance.now() < end - restEvery) {
    await sleep(restEvery);
    await sampleAtRest();
  }
}
await Promise.all([sample(), ...Array.from({ length: Number(options.callers) }, caller)]);
clearInterval(watching);
await detector.close();

/** Least squares: MB an hour. */
function slope(points) {
  const mean = (name) => points.reduce((sum, point) => sum + point[name], 0) / points.length;
  const [hours, mb] = [mean('hours'), mean('mb')];
  const above = points.reduce((sum, point) => sum + (point.hours - hours) * (point.mb - mb), 0);
  return above / points.reduce((sum, point) => sum + (point.hours - hours) ** 2, 0);
}

function course(points) {
  const mbs = points.map(({ mb }) => mb);
  return `${Math.min(...mbs).toFixed(0)} to ${Math.max(...mbs).toFixed(0)} MB, rising by ${slope(points).toFixed(2)} MB/h`;
}

console.log(Object.entries(counts).sort().map(([what, times]) => `${what} ${times}`).join('\n'));
console.log(`${minutes} minutes, memory after the first ${warmUpMinutes.toFixed(1)}: at rest ${course(atRest)}; at work ${course(working)}; ${wrong} calls ended wrongly`);
const rises = minutes >= leastMinutesToJudge && slope(atRest) >= allowedMbPerHour;
process.exitCode = rises || wrong > 0 ? 1 : 0;
