// A worker of 60-lifecycle.test.ts: loads the model in its own thread, and sends the scores of one picture.
// It uses what the build made.
import { parentPort, workerData } from 'node:worker_threads';
import { Detector } from '../../dist/index.js';

const { image, load, options } = workerData;
const detector = await Detector.load('nuclei', load);
const found = await detector.detect(image, options);
await detector.close();
parentPort.postMessage(found.instances.map(({ score }) => score));
