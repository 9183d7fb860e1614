// `mimdet eval`: result files against pycocotools' numbers, and the model on the example pictures.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CocoResult, EvaluationSummary, IouSummary } from '../../lib/index.js';
import { golden, goldenJson, withMetadata } from '../golden-folder.js';
import { mimdet, pictures, root, scratch } from './run-cli.js';

interface Expected {
  stats?: number[];
  perCategoryAP?: number[];
}

const folder = scratch();
const numbers = (summary: IouSummary, last: number) =>
  ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', `AR${last}`, 'ARs', 'ARm', 'ARl'].map(
    (key) => (summary as unknown as Record<string, number>)[key],
  );

async function evaluateFiles(place: string, iou: string, last: string) {
  const json = join(folder, 'summary.json');
  const files = ['--data', join(place, 'gt.json'), '--predictions', join(place, 'dt.json')];
  const outcome = await mimdet(['eval', ...files, '--iou', iou, '--max-dets', last, '--json', json]);
  return { ...outcome, summary: outcome.status === 0 ? (JSON.parse(readFileSync(json, 'utf8')) as EvaluationSummary) : {} };
}

for (const set of ['coco-eval', 'coco-eval/more']) {
  const expected = goldenJson<Record<string, Record<string, Expected>>>(set, 'expected.json');
  for (const [name, cases] of Object.entries(expected)) {
    // Annotation ids from 0 are counted right, unlike the reference: `id_one` holds those numbers.
    const key =
      Object.keys(cases).find((kind) => kind.startsWith('segm') && kind.endsWith('@500')) ??
      Object.keys(cases).find((kind) => kind.includes('@'));
    if (!key || name === 'id_zero' || !cases[key]?.stats) continue;
    test(`${set}/${name} ${key} equals pycocotools`, async () => {
      const [iou, last] = key.split('@') as ['bbox' | 'segm', string];
      const { status, stderr, summary } = await evaluateFiles(join(golden(set)!, name), iou, last);
      assert.equal(status, 0, stderr);
      assert.deepEqual(numbers(summary[iou] as IouSummary, Number(last)), cases[key]!.stats);
      assert.deepEqual(Object.values(summary[iou]!.perCategory), cases[key]!.perCategoryAP);
    });
  }
}

test("the well-known table, by pycocotools' own words, and AP of each category", async () => {
  const { stdout, summary } = await evaluateFiles(join(golden('coco-eval')!, 'plain'), 'bbox', '500');
  const ap = summary.bbox!.AP.toFixed(3);
  assert.ok(stdout.includes(` Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=500 ] = ${ap}\n`), stdout);
  assert.ok(stdout.includes(` Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets=500 ] = `));
  assert.ok(stdout.includes(` Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = `));
  assert.ok(stdout.includes(` Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=500 ] = `));
  assert.equal(stdout.match(/Average/g)?.length, 12);
  for (const name of Object.keys(summary.bbox!.perCategory)) assert.match(stdout, new RegExp(`^ ${name} +[0-9n]`, 'm'));
});

test('--json - gives the object of evaluate() on standard output, and nothing else', async () => {
  const place = join(golden('coco-eval')!, 'plain');
  const { stdout } = await mimdet([
    'eval',
    '--data',
    join(place, 'gt.json'),
    '--predictions',
    join(place, 'dt.json'),
    '--json',
    '-',
  ]);
  const summary = JSON.parse(stdout) as EvaluationSummary;
  assert.deepEqual(Object.keys(summary), ['bbox', 'segm']);
});

test('results of unknown pictures, and files that are none, are errors of the data', async () => {
  const place = join(golden('coco-eval/more')!, 'unknown_picture');
  const unknown = await mimdet(['eval', '--data', join(place, 'gt.json'), '--predictions', join(place, 'dt.json')]);
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /^ERR_MIMDET_DATASET: [^\n]*\n$/);
  for (const data of [join(root, 'package.json'), '/no/such.json', join(root, 'README.md')]) {
    const { status, stderr } = await mimdet(['eval', '--data', data, '--weights', 'nuclei']);
    assert.equal(status, 1, data);
    assert.match(stderr, /^ERR_MIMDET_DATASET: [^\n]*\n$/);
  }
});

test('a model on the example pictures, found beside the JSON; --out gives what it found', async () => {
  const out = join(folder, 'found.json');
  const { status, stdout, stderr } = await mimdet([
    'eval',
    '--weights',
    'nuclei',
    '--data',
    join(root, 'examples/nuclei.json'),
    '--images',
    pictures,
    '--json',
    '-',
    '--out',
    out,
  ]);
  assert.equal(status, 0, stderr);
  const summary = JSON.parse(stdout) as EvaluationSummary;
  assert.ok(summary.bbox!.AP > 0.3 && summary.segm!.AP > 0.3, stdout);
  const found = JSON.parse(readFileSync(out, 'utf8')) as CocoResult[];
  // The configuration's own threshold, not that of detect().
  assert.ok(found.some(({ score }) => score < 0.05) && found.every(({ score }) => score > 0.01));
  const again = await mimdet(['eval', '--data', join(root, 'examples/nuclei.json'), '--predictions', out, '--json', '-']);
  assert.deepEqual(JSON.parse(again.stdout), summary);
});

test('a missing picture is said, the others count, and the exit status is 1', async () => {
  const data = JSON.parse(readFileSync(join(root, 'examples/nuclei.json'), 'utf8')) as { images: { file_name: string }[] };
  mkdirSync(join(folder, 'images'));
  for (const { file_name } of data.images.slice(0, -1))
    copyFileSync(join(pictures, file_name), join(folder, 'images', file_name));
  writeFileSync(join(folder, 'data.json'), JSON.stringify(data));
  const { status, stdout, stderr } = await mimdet([
    'eval',
    '--weights',
    'nuclei',
    '--data',
    join(folder, 'data.json'),
    '--iou',
    'bbox',
    '--json',
    '-',
  ]);
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`^ERR_MIMDET_DECODE: .*${data.images.at(-1)!.file_name}`));
  assert.deepEqual(Object.keys(JSON.parse(stdout) as object), ['bbox']);
});

test('a model that was trained on boxes alone is judged by boxes, and says why', async () => {
  const weights = join(folder, 'boxes.safetensors'); // the bundled ones, as a run on boxes alone would have written them
  writeFileSync(weights, withMetadata(join(root, 'models/nuclei.safetensors'), { masks: 'none' }));
  const data = ['--data', join(root, 'examples/nuclei.json'), '--images', pictures];
  const { status, stdout, stderr } = await mimdet(['eval', '--weights', weights, ...data, '--json', '-']);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /boxes alone/);
  const summary = JSON.parse(stdout) as EvaluationSummary;
  assert.deepEqual(Object.keys(summary), ['bbox']);
  assert.ok(summary.bbox!.AP > 0.3);
});

interface Example {
  images: { id: number; file_name: string; width: number; height: number }[];
  annotations: { image_id: number; bbox: [number, number, number, number] }[];
}

/** The example pictures with their boxes as texts of YOLO, or as XML of VOC. */
function writeExamples(form: 'yolo' | 'voc'): string {
  const place = join(folder, form);
  const folders = form === 'yolo' ? ['images', 'labels'] : ['JPEGImages', 'Annotations'];
  for (const name of folders) mkdirSync(join(place, name), { recursive: true });
  const data = JSON.parse(readFileSync(join(root, 'examples/nuclei.json'), 'utf8')) as Example;
  for (const { id, file_name, width, height } of data.images) {
    copyFileSync(join(pictures, file_name), join(place, folders[0]!, file_name));
    const boxes = data.annotations.filter(({ image_id }) => image_id === id).map(({ bbox }) => bbox);
    const lines = boxes.map(([x, y, w, h]) => `0 ${(x + w / 2) / width} ${(y + h / 2) / height} ${w / width} ${h / height}`);
    const corners = boxes.map(([x, y, w, h]) => ({ xmin: x + 1, ymin: y + 1, xmax: x + w, ymax: y + h }));
    const objects = corners.map((box) => {
      const sides = Object.entries(box).map(([side, value]) => `<${side}>${value}</${side}>`);
      return `<object><name>nucleus</name><bndbox>${sides.join('')}</bndbox></object>`;
    });
    const text = form === 'yolo' ? lines.join('\n') : `<annotation>${objects.join('')}</annotation>`;
    writeFileSync(join(place, folders[1]!, file_name.replace('.png', form === 'yolo' ? '.txt' : '.xml')), text);
  }
  if (form === 'yolo') writeFileSync(join(place, 'data.yaml'), 'train: images\nval: images\nnames: [nucleus]\n');
  return place;
}

test('VOC and YOLO folders give the AP of the same boxes in COCO form; faults are told, and the status is 1', async () => {
  const model = ['eval', '--weights', 'nuclei', '--json', '-', '--data'];
  const coco = await mimdet([...model, join(root, 'examples/nuclei.json'), '--images', pictures, '--iou', 'bbox']);
  const expected = (JSON.parse(coco.stdout) as EvaluationSummary).bbox!;
  for (const form of ['yolo', 'voc'] as const) {
    const place = writeExamples(form);
    const { status, stdout, stderr } = await mimdet([...model, place]);
    assert.equal(status, 0, stderr);
    const summary = JSON.parse(stdout) as EvaluationSummary;
    assert.deepEqual(Object.keys(summary), ['bbox']);
    assert.ok(Math.abs(summary.bbox!.AP - expected.AP) < 1e-3, `${summary.bbox!.AP} ${expected.AP}`);
    assert.deepEqual(Object.keys(summary.bbox!.perCategory), ['nucleus']);
  }
  const file = join(folder, 'yolo/labels', readdirSync(join(folder, 'yolo/labels'))[0]!);
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n3 0.5 0.5 0.1 0.1\n`);
  const faulty = await mimdet([...model, join(folder, 'yolo')]);
  assert.equal(faulty.status, 1);
  assert.match(faulty.stderr, /labels\/.*\.txt: annotation \d+: class 3: /);
  assert.ok((JSON.parse(faulty.stdout) as EvaluationSummary).bbox!.AP > 0.3);
});

test('an earlier --json file stays where the model does not load', async () => {
  const file = join(folder, 'earlier.json');
  writeFileSync(file, '{"earlier":true}');
  const data = ['--data', join(root, 'examples/nuclei.json'), '--images', pictures];
  const { status } = await mimdet(['eval', '--weights', 'nuclie', ...data, '--json', file]);
  assert.equal(status, 1);
  assert.equal(readFileSync(file, 'utf8'), '{"earlier":true}');
});

test('classes that the data set does not have are named', async () => {
  const data = {
    ...(JSON.parse(readFileSync(join(root, 'examples/nuclei.json'), 'utf8')) as object),
    categories: [{ id: 1, name: 'cell' }],
  };
  writeFileSync(join(folder, 'cells.json'), JSON.stringify(data));
  const { status, stderr } = await mimdet([
    'eval',
    '--weights',
    'nuclei',
    '--data',
    join(folder, 'cells.json'),
    '--images',
    pictures,
  ]);
  assert.equal(status, 1);
  assert.match(stderr, /^ERR_MIMDET_DATASET: .*nucleus.*cell/);
});
