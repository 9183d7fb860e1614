// A program that ends while the addon works. Run by ending.test.ts: `node ending.mjs <how> <after so many milliseconds>`.
// Prints `work <ms>` (how long one call takes here), then `ending` just before the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Detector, evaluate } from '../../dist/index.js';

const load = { device: 'cpu', precision: 'float32', threads: 1, minSize: 384, maxSize: 384 };
const picture = { data: new Uint8Array(200 * 200 * 3).fill(90), width: 200, height: 200, channels: 3 };
const callsInFlight = 12;

const say = (text) => process.stdout.write(`${text}\n`);
const ignore = () => {};

/** Loads a model, tells how long a call takes, and leaves calls in flight. */
async function busy() {
  const detector = await Detector.load('nuclei', load);
  const start = performance.now();
  await detector.detect(picture);
  if (isMainThread) say(`work ${performance.now() - start}`);
  for (let i = 0; i < callsInFlight; ++i) detector.detect(picture).catch(ignore);
  await sleep(wait);
  return detector;
}

function end(action) {
  say('ending');
  return action();
}

/** A worker of this very program; resolves once it has calls in flight. */
async function busyWorker(how = 'wait') {
  const worker = new Worker(new URL(import.meta.url), { workerData: { how, wait } });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return worker;
}

const ways = {
  async exit() {
    await busy();
    end(() => process.exit(3));
  },
  async throw() {
    await busy();
    setTimeout(() => end(() => { throw new Error('on purpose'); }));
  },
  async rejection() {
    await busy();
    end(() => Promise.reject(new Error('on purpose')));
  },
  async natural() {
    // Nobody waits for the calls, but they are finished, as a file that is being written is.
    const detector = await Detector.load('nuclei', load);
    const done = [];
    for (let i = 0; i < 3; ++i) detector.detect(picture).then(() => done.push(i));
    process.on('exit', () => say(`finished ${done.length}`));
    end(ignore);
  },
  async idle() {
    const detector = await Detector.load('nuclei', load);
    await detector.detect(picture);
    end(ignore); // a loaded detector keeps no process alive
  },
  async 'call-at-exit'() {
    const detector = await busy();
    process.on('exit', () => {
      detector.detect(picture).catch(ignore);
      Detector.load('nuclei', load).catch(ignore);
    });
    end(() => process.exit(3));
  },
  async 'exit-while-loading'() {
    await busy();
    for (let i = 0; i < 4; ++i) Detector.load('nuclei', load).catch(ignore);
    await sleep(wait / 10);
    end(() => process.exit(3));
  },
  async 'exit-while-closing'() {
    const detector = await busy();
    detector.close().catch(ignore);
    end(() => process.exit(3));
  },
  async 'exit-while-evaluating'() {
    for (let i = 0; i < 3; ++i) evaluate(...manyObjects()).catch(ignore);
    await sleep(wait);
    end(() => process.exit(3));
  },
  async terminate() {
    const worker = await busyWorker();
    say('ending');
    await worker.terminate();
  },
  async 'terminate-beside-main'() {
    const detector = await Detector.load('nuclei', load);
    const worker = await busyWorker();
    await worker.terminate();
    const found = await detector.detect(picture);
    say(`finished ${found.width === 200 ? 1 : 0}`);
    end(ignore);
  },
  async 'worker-exits'() {
    const worker = await busyWorker('exit');
    say('ending');
    await new Promise((resolve) => worker.once('exit', resolve));
  },
  async 'main-exits-beside-worker'() {
    await busyWorker();
    await busy();
    end(() => process.exit(3));
  },
  async 'main-without-addon-exits'() {
    await busyWorker();
    end(() => process.exit(3));
  },
  async 'workers-in-turn'() {
    for (let i = 0; i < 3; ++i) {
      const worker = await busyWorker();
      await worker.terminate();
    }
    end(ignore);
  },
};

/** A ground truth and results that keep an evaluation busy for some seconds. */
function manyObjects() {
  const images = Array.from({ length: 500 }, (_, i) => ({ id: i + 1, width: 640, height: 480 }));
  const object = (image, i) => ({ image_id: image.id, category_id: 1, bbox: [i * 3, i * 2, 50, 40] });
  const boxes = images.flatMap((image) => Array.from({ length: 100 }, (_, i) => object(image, i)));
  const annotations = boxes.map((box, i) => ({ ...box, id: i + 1, iscrowd: 0, area: 2000 }));
  const results = boxes.map((box, i) => ({ ...box, score: (i % 97) / 97 }));
  return [{ images, annotations, categories: [{ id: 1, name: 'a' }] }, results, { iouTypes: ['bbox'] }];
}

const [how, wait] = isMainThread ? [process.argv[2], Number(process.argv[3])] : [workerData.how, workerData.wait];
if (isMainThread) {
  await ways[how]();
} else {
  await busy();
  parentPort.postMessage('busy');
  if (how === 'exit') setTimeout(() => process.exit(0), 10);
}
