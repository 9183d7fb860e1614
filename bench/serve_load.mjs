// Load on `mimdet serve`: throughput, latency percentiles, event-loop delay and memory of the server, for closed and open load.
// node bench/serve_load.mjs [--mode closed|open|both] [--seconds 30 | --minutes 10] [--callers 64] [--times 10] [--weights nuclei] [--max-queue 2]
//   closed: so many callers, each asks again when it has its answer. open: requests at `times` the measured capacity, whatever comes back.
// Open load fails (status 1) where an answer is lost or is neither 200 nor a documented 503/504, where the median refusal, the accepted
// p99, the event loop's delay or the growth of memory passes its limit. Times are the caller's, who shares the CPU with the model.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    mode: { type: 'string', default: 'both' },
    seconds: { type: 'string', default: '30' },
    minutes: { type: 'string' },
    callers: { type: 'string', default: '64' },
    times: { type: 'string', default: '10' },
    weights: { type: 'string', default: 'nuclei' },
    'max-queue': { type: 'string', default: '2' },
    device: { type: 'string', default: 'cpu' },
    threads: { type: 'string' },
    picture: { type: 'string', multiple: true },
  },
});
const seconds = options.minutes ? 60 * Number(options.minutes) : Number(options.seconds);
const allowedGrowthMb = 20;
const examples = fileURLToPath(new URL('../examples/pictures/', import.meta.url));
const bodies = (options.picture ?? readdirSync(examples).map((name) => examples + name)).map((file) => readFileSync(file));
const agent = new Agent({ keepAlive: true, maxSockets: 2048 });

/** Sorted by the nearest rank. */
const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? NaN;
const ms = (value) => `${value.toFixed(1)} ms`;
const latency = (values) => `p50 ${ms(percentile(values, 0.5))}  p90 ${ms(percentile(values, 0.9))}  p99 ${ms(percentile(values, 0.99))}`;

/** Answers: { status, ms }, or { status: 0 } where the connection broke. */
function ask(url, body) {
  const start = performance.now();
  return new Promise((resolve) => {
    const end = (status) => resolve({ status, ms: performance.now() - start });
    const headers = { 'content-type': 'image/png', 'content-length': body.length };
    request(`${url}/v1/detect`, { method: 'POST', agent, headers }, (answer) => {
      answer.on('end', () => end(answer.statusCode)).on('error', () => end(0)).resume();
    }).on('error', () => end(0)).end(body);
  });
}

async function serve(maxQueue) {
  const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
  const args = ['serve', '--weights', options.weights, '--port', '0', '--quiet', '--device', options.device, '--max-queue', String(maxQueue)];
  if (options.threads) args.push('--threads', options.threads);
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const line = await new Promise((resolve) => child.stdout.setEncoding('utf8').once('data', resolve));
  const url = line.trim().split(' ').at(-1);
  for (const body of bodies) await ask(url, body); // warm
  return { url, restMs: await delayAtRest(url), end: () => (child.kill('SIGTERM'), ended) };
}

/** A number of /metrics. Reading resets the event loop's histogram. */
async function metric(url, ...names) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return names.map((name) => Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1]));
}

/** What the event loop's delay is said to be while nothing happens: the meter's own interval, which every delay contains. */
async function delayAtRest(url) {
  await metric(url, 'nodejs_eventloop_lag_p50_seconds');
  await sleep(1000);
  return (await metric(url, 'nodejs_eventloop_lag_p50_seconds'))[0] * 1000;
}

/** What the server says of itself every other second while `work` runs: its event loop's delay (the worst p99 of those), its memory. */
async function watched({ url, restMs }, work) {
  const memoryMb = [];
  let delayMs = 0;
  const look = async () => {
    const [bytes, delay] = await metric(url, 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds');
    memoryMb.push(bytes / 2 ** 20);
    if (memoryMb.length > 1) delayMs = Math.max(delayMs, delay * 1000 - restMs);
  };
  await look();
  const looking = setInterval(() => void look(), 2000);
  const result = await work();
  clearInterval(looking);
  await look();
  return { ...result, delayMs, memoryMb };
}

/** By how much the last quarter's highest is above the first half's. */
const growth = (values) => Math.max(...values.slice(-Math.ceil(values.length / 4))) - Math.max(...values.slice(0, Math.ceil(values.length / 2)));

async function closed(url, callers, duration = seconds) {
  const end = performance.now() + duration * 1000;
  const answers = [];
  const loop = async (i) => {
    while (performance.now() < end) answers.push(await ask(url, bodies[i++ % bodies.length]));
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: callers }, (_, i) => loop(i)));
  return { answers, rate: answers.filter(({ status }) => status === 200).length / ((performance.now() - start) / 1000) };
}

async function open(url, rate) {
  const sent = [];
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    const due = Math.floor(((performance.now() - start) / 1000) * rate);
    while (sent.length < due) sent.push(ask(url, bodies[sent.length % bodies.length]));
    await sleep(2);
  }
  return { answers: await Promise.all(sent), sent: sent.length };
}

function print(title, { answers, delayMs, memoryMb }) {
  const by = (status) => answers.filter((answer) => answer.status === status).map((answer) => answer.ms);
  const statuses = [...new Set(answers.map(({ status }) => status))].sort();
  console.log(title);
  for (const status of statuses) console.log(`  ${status || 'lost'}: ${by(status).length}, ${latency(by(status))}`);
  console.log(`  server: event-loop delay p99 ${ms(delayMs)}, memory ${memoryMb[0].toFixed(0)} -> ${memoryMb.at(-1).toFixed(0)} MB, at most ${Math.max(...memoryMb).toFixed(0)}`);
}

async function closedLoad() {
  const callers = Number(options.callers);
  const server = await serve(4 * callers);
  const { url, end } = server;
  const alone = await watched(server, () => closed(url, 1));
  print(`closed, 1 caller: ${alone.rate.toFixed(2)} pictures/s`, alone);
  const many = await watched(server, () => closed(url, callers));
  print(`closed, ${callers} callers: ${many.rate.toFixed(2)} pictures/s, ${((many.rate / alone.rate) * 100).toFixed(1)} % of one caller's`, many);
  return (await end()) === 0 && many.answers.every(({ status }) => status === 200);
}

async function openLoad() {
  const server = await serve(options['max-queue']);
  const { url, end } = server;
  const alone = await closed(url, 1, Math.min(seconds, 15));
  const rate = alone.rate * Number(options.times);
  const load = await watched(server, () => open(url, rate));
  print(`open, ${rate.toFixed(1)} requests/s (${options.times} times capacity), ${load.sent} sent`, load);
  const times = (status) => load.answers.filter((answer) => answer.status === status).map((answer) => answer.ms);
  const unloaded = percentile(alone.answers.map((answer) => answer.ms), 0.99);
  const accepted = percentile(times(200), 0.99);
  const checks = [
    ['every request has one answer, 200, 503 or 504', load.answers.length === load.sent && load.answers.every(({ status }) => [200, 503, 504].includes(status))],
    [`accepted p99 ${ms(accepted)} is at most 3 times the unloaded p99 ${ms(unloaded)}`, accepted <= 3 * unloaded],
    [`refusals: p50 ${ms(percentile(times(503), 0.5))} is within 5 ms`, percentile(times(503), 0.5) <= 5],
    [`event-loop delay p99 ${ms(load.delayMs)} is under 20 ms`, load.delayMs < 20],
    [`memory grows by ${growth(load.memoryMb).toFixed(1)} MB, at most ${allowedGrowthMb}`, growth(load.memoryMb) <= allowedGrowthMb],
    ['the server ends with 0', (await end()) === 0],
  ];
  for (const [what, ok] of checks) console.log(`  ${ok ? 'ok    ' : 'FAILED'}  ${what}`);
  return checks.every(([, ok]) => ok);
}

const runs = [...(options.mode === 'open' ? [] : [closedLoad]), ...(options.mode === 'closed' ? [] : [openLoad])];
for (const run of runs) if (!(await run())) process.exitCode = 1;
agent.destroy();
