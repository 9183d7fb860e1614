// Worker threads that are terminated at random moments, with calls in flight, beside a main thread that goes on detecting: nothing
// crashes or hangs, results stay what they are, memory stays.
// node bench/terminate.mjs [--times 1000] [--warm-up 100] [--weights nuclei] [--workers 2 at once]
// Status 1 where a result changed, or memory in the last quarter is more than 20 MB above that in the first, the warm-up not counted: so many
// terminations leave the allocators of all threads as they stay.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { Detector } from 'mimdet';

const picture = { data: new Uint8Array(120 * 160 * 3).map((_, i) => (i * 7919) % 251), width: 160, height: 120, channels: 3 };
const load = { device: 'cpu', threads: 1, minSize: 128, maxSize: 192 };
const allowedMb = 20;

if (isMainThread) await main();
else await work();

async function work() {
  const detector = await Detector.load(workerData.weights, load);
  for (;;) await Promise.all(Array.from({ length: 4 }, () => detector.detect(picture)));
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      times: { type: 'string', default: '1000' },
      'warm-up': { type: 'string', default: '100' },
      weights: { type: 'string', default: 'nuclei' },
      workers: { type: 'string', default: '2' },
    },
  });
  const [times, warmUp] = [Number(options.times), Number(options['warm-up'])];
  const detector = await Detector.load(options.weights, load);
  const expected = (await detector.detect(picture, { scoreThreshold: 0.05 })).instances;
  const counts = { terminated: 0, failed: 0, detected: 0, different: 0 };
  const memory = [];

  const terminate = async () => {
    while (counts.terminated < warmUp + times) {
      memory.push({ at: counts.terminated++ - warmUp, mb: process.memoryUsage().rss / 2 ** 20 });
      const worker = new Worker(new URL(import.meta.url), { workerData: { weights: options.weights } });
      worker.on('error', (error) => (counts.failed++, console.error(error)));
      await sleep(Math.random() * 400); // from before the addon is loaded to the middle of a pass
      await worker.terminate();
    }
  };
  const detect = async () => {
    while (counts.terminated < warmUp + times) {
      const { instances } = await detector.detect(picture, { scoreThreshold: 0.05 });
      counts.detected++;
      if (!isDeepStrictEqual(instances, expected)) counts.different++;
    }
  };
  const start = performance.now();
  await Promise.all([detect(), ...Array.from({ length: Number(options.workers) }, terminate)]);
  await detector.close();

  const highest = (from, to) => Math.max(...memory.filter(({ at }) => at >= from * times && at <= to * times).map(({ mb }) => mb));
  const [early, late] = [highest(0, 0.25), highest(0.75, 1)];
  console.log(`${counts.terminated} workers terminated in ${((performance.now() - start) / 1000).toFixed(0)} s, ${counts.failed} failed;`);
  console.log(`beside them ${counts.detected} calls, ${counts.different} with another result; at most ${early.toFixed(0)} MB in the first quarter, ${late.toFixed(0)} MB in the last`);
  process.exitCode = counts.failed + counts.different > 0 || late - early > allowedMb ? 1 : 0;
}
