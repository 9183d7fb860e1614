// How much a lower sample ratio costs and what it spares: AP against milliseconds a picture, for several files of weights.
// node bench/ratio_table.mjs --data nuclei/val.json [--images DIR] --weights nuclei [--weights W …] [--ratios 1,0.75,0.5,0.25] [--max-dets 500]
//                            [--limit N pictures] [--threads 2] [--json FILE]
// Prints a Markdown table. Each picture goes through all ratios of a file before the next, so that a busy minute hits all alike; the
// first picture is looked at once more before, and not counted.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Detector, evaluate } from 'mimdet';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    images: { type: 'string' },
    weights: { type: 'string', multiple: true, default: ['nuclei'] },
    ratios: { type: 'string', default: '1,0.75,0.5,0.25' },
    'max-dets': { type: 'string', default: '500' },
    limit: { type: 'string', default: '1000000' },
    threads: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
});
if (!options.data) throw new Error('Expected a COCO JSON for `--data`');

const ratios = options.ratios.split(',').map(Number);
const maxDets = [1, 10, Number(options['max-dets'])];
const truth = readTruth(Number(options.limit));
const folder = options.images ?? options.data.replace(/\.json$/, ''); // the folder of the JSON's name
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** The first pictures of the data set, with what is on them. */
function readTruth(limit) {
  const whole = JSON.parse(readFileSync(options.data, 'utf8'));
  const images = whole.images.slice(0, limit);
  const ids = new Set(images.map(({ id }) => id));
  return { ...whole, images, annotations: whole.annotations.filter(({ image_id }) => ids.has(image_id)) };
}

/** One picture at one ratio, with the configuration's own threshold and number of detections, as in `mimdet eval`. */
function look(detector, file, sampleRatio) {
  return detector.detect(file, { sampleRatio, scoreThreshold: detector.info.config.roi.scoreThreshold });
}

async function measure(weights) {
  const detector = await Detector.load(weights, { device: 'cpu', threads: Number(options.threads) });
  const categoryIds = Object.fromEntries(truth.categories.map(({ id, name }) => [name, id]));
  const rows = ratios.map((ratio) => ({ weights: basename(weights), ratio, results: [], ms: [] }));
  await look(detector, join(folder, truth.images[0].file_name), 1);
  for (const { id, file_name } of truth.images)
    for (const row of rows) {
      const found = await look(detector, join(folder, file_name), row.ratio);
      row.ms.push(found.timing.totalMs);
      row.results.push(...found.toCoco(id, categoryIds));
    }
  await detector.close();
  return Promise.all(rows.map(score));
}

async function score({ results, ms, ...row }) {
  const { bbox, segm } = await evaluate(truth, results, { maxDets });
  return { ...row, box: bbox.AP, mask: segm.AP, ms: median(ms), meanMs: ms.reduce((sum, each) => sum + each, 0) / ms.length };
}

const table = [];
for (const weights of options.weights) table.push(...(await measure(weights)));
if (options.json) writeFileSync(options.json, JSON.stringify({ pictures: truth.images.length, maxDets, table }, null, 2));
const percent = (ap) => (100 * ap).toFixed(1);
console.log(`${truth.images.length} pictures, AP@${maxDets[2]}, ${options.threads} threads\n`);
console.log('| weights | ratio | box AP | mask AP | ms a picture (median) | of ratio 1 |\n|---|---|---|---|---|---|');
for (const { weights, ratio, box, mask, ms } of table) {
  const whole = table.find((row) => row.weights === weights && row.ratio === Math.max(...ratios)).ms;
  console.log(`| ${weights} | ${ratio} | ${percent(box)} | ${percent(mask)} | ${ms.toFixed(1)} | ${(ms / whole).toFixed(2)} |`);
}
