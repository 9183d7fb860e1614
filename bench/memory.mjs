// Whether memory stays: resident size after the first hundred detections and after a thousand. Exit status 1 if it grew by more than 20 MB.
// node bench/memory.mjs [--weights nuclei] [--picture P …] [--detections 1000]
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Detector } from 'mimdet';

const examples = fileURLToPath(new URL('../examples/pictures/', import.meta.url));
const { values: options } = parseArgs({
  options: {
    weights: { type: 'string', default: 'nuclei' },
    picture: { type: 'string', multiple: true },
    detections: { type: 'string', default: '1000' },
    threads: { type: 'string', default: '2' },
  },
});
const pictures = options.picture ?? readdirSync(examples).map((name) => examples + name);
const total = Number(options.detections);
const allowed = 20;
const settle = Math.min(100, total >> 1);

const detector = await Detector.load(options.weights, { device: 'cpu', threads: Number(options.threads) });
const residentMb = () => process.memoryUsage().rss / 2 ** 20;
let after;
let largest = 0;
for (let i = 1; i <= total; ++i) {
  await detector.detect(pictures[i % pictures.length]);
  if (i === settle) after = residentMb();
  if (i > settle) largest = Math.max(largest, residentMb());
}
await detector.close();
const growth = largest - after;
console.log(`${after.toFixed(0)} MB after ${settle} detections, at most ${largest.toFixed(0)} MB up to ${total}: grew by ${growth.toFixed(1)} MB (allowed: ${allowed})`);
process.exitCode = growth > allowed ? 1 : 0;
