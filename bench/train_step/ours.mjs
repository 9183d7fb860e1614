// Our side: `node ours.mjs CONFIG DATA.json BATCH RATIO THREADS` does a training step for each line on standard input and answers
// with { ms, loss, parts }.
// Pictures are decoded and resized before the clock starts, as on the other side; the same ones in the same order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { decodeImage } from 'mimdet';
import { runNative } from '../../dist/native.js';

const [configPath, data, batch, ratio, threads] = process.argv.slice(2);
const model = JSON.parse(readFileSync(configPath, 'utf8'));
const truth = JSON.parse(readFileSync(data, 'utf8'));
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

const classIds = new Map(truth.categories.map(({ id }, index) => [id, index]));
const corners = ([x, y, width, height]) => [x, y, x + width, y + height];
const objectsOf = (picture) =>
  truth.annotations
    .filter((one) => one.image_id === picture.id)
    .map((one) => ({ classId: classIds.get(one.category_id), box: corners(one.bbox), rle: one.segmentation }));
const pictures = truth.images.filter((picture) => objectsOf(picture).length > 0);
const { minSize, maxSize } = model;
const augment = JSON.stringify({ minSize, maxSize, sizes: [minSize], flip: { horizontal: 0 }, resizeCrop: null });

async function sample(picture) {
  const image = await decodeImage(join(data.replace(/\.json$/, ''), picture.file_name));
  return { image, objects: JSON.stringify(objectsOf(picture)) };
}

let next = 0;
async function nextBatch() {
  const samples = [];
  while (samples.length < Number(batch)) samples.push(await sample(pictures[next++ % pictures.length]));
  return runNative((job, native) => native.prepareBatch(samples, augment, 0n, next, job));
}

const schedule = { kind: 'constant', steps: 100000 };
const options = { model, schedule, sampleRatio: Number(ratio), threads: Number(threads), optimizer: { lr: 8e-5 } };
const trainer = await runNative((job, native) => native.createTrainer(JSON.stringify(options), '', job));
say({ ready: true });
for await (const _ of createInterface({ input: process.stdin })) {
  const made = await nextBatch();
  const start = performance.now();
  const report = await runNative((job) => trainer.trainStep([made], job));
  const ms = performance.now() - start;
  made.dispose();
  say({ ms, loss: Object.values(report.losses).reduce((a, b) => a + b, 0), parts: report.ms });
}
await trainer.close();
