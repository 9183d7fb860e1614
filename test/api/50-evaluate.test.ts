// Evaluation from JavaScript: files, objects and Detections give the numbers that pycocotools gives.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { Detections, evaluate, type CocoResult, type GroundTruth, type IouSummary } from '../../lib/index.js';
import { goldenFile, goldenJson } from '../golden-folder.js';

interface Expected {
  [run: string]: { stats: number[]; perCategoryAP: number[] };
}

const order = (last: number) =>
  ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', `AR${last}`, 'ARs', 'ARm', 'ARl'] as const;
const file = (name: string) => goldenFile('coco-eval', name);
const expected = goldenJson<Record<string, Expected>>('coco-eval', 'expected.json');

function assertEqual(summary: IouSummary, run: Expected[string], last: number): void {
  assert.deepEqual(
    order(last).map((key) => (summary as unknown as Record<string, number>)[key]),
    run.stats,
  );
  assert.deepEqual(Object.values(summary.perCategory), run.perCategoryAP);
}

for (const name of ['plain', 'crowd', 'ties', 'empty', 'missing_class']) {
  test(`${name}: from paths, at both numbers of detections`, async () => {
    for (const last of [100, 500]) {
      const { bbox, segm } = await evaluate(file(`${name}/gt.json`), file(`${name}/dt.json`), { maxDets: last });
      // In the reference data boxes were evaluated from results without masks; so the areas come from the boxes.
      assertEqual(segm!, expected[name]![`segm@${last}`]!, last);
      assert.ok(bbox);
    }
  });
}

test('objects and URLs give what paths give; boxes alone', async () => {
  const truth = JSON.parse(readFileSync(file('plain/gt.json'), 'utf8')) as GroundTruth;
  const results = (JSON.parse(readFileSync(file('plain/dt.json'), 'utf8')) as CocoResult[]).map(
    ({ segmentation: _, ...rest }) => rest,
  );
  const fromObjects = await evaluate(truth, results, { iouTypes: ['bbox'] });
  assert.deepEqual(Object.keys(fromObjects), ['bbox']);
  assertEqual(fromObjects.bbox!, expected['plain']!['bbox@100']!, 100);
  assert.deepEqual(
    await evaluate(pathToFileURL(file('plain/gt.json')), results, { iouTypes: ['bbox'], threads: 1 }),
    fromObjects,
  );
});

test('Detections: classes are matched by name', async () => {
  const truth = {
    images: [{ id: 5, width: 20, height: 20 }],
    annotations: [{ id: 1, image_id: 5, category_id: 30, bbox: [2, 2, 10, 10], area: 100, iscrowd: 0 }],
    categories: [
      { id: 20, name: 'cat' },
      { id: 30, name: 'dog' },
    ],
  };
  const box = (name: string) => ({ class: name, classId: 0, score: 0.9, box: [2, 2, 12, 12] });
  const detections = Detections.fromJSON({ width: 20, height: 20, instances: [box('dog'), box('bird')] });
  const { bbox } = await evaluate(truth, [{ imageId: 5, detections }], { iouTypes: ['bbox'] });
  // Not quite 1: COCO divides by the smallest number above it.
  assert.deepEqual(bbox!.perCategory, { cat: -1, dog: bbox!.AP });
  assert.ok(bbox!.AP > 0.9999);
});

test('wrong documents and options are named', async () => {
  const [truth, results] = [file('plain/gt.json'), file('plain/dt.json')];
  await assert.rejects(evaluate(file('plain/none.json'), results), { code: 'ERR_MIMDET_DATASET', message: /no such file/ });
  await assert.rejects(evaluate({} as never, results), { code: 'ERR_MIMDET_DATASET' });
  await assert.rejects(evaluate(truth, 5 as never), { code: 'ERR_MIMDET_INVALID_ARGUMENT', message: /`detections`/ });
  await assert.rejects(
    evaluate(truth, [{ image_id: 999999, category_id: 3, bbox: [0, 0, 1, 1], score: 1 }], { iouTypes: ['bbox'] }),
    { code: 'ERR_MIMDET_DATASET' },
  );
  await assert.rejects(evaluate(truth, results, { iouTypes: [] }), /`iouTypes`/);
  await assert.rejects(evaluate(truth, results, { iouTypes: ['box' as 'bbox'] }), /did you mean "bbox"/);
  await assert.rejects(
    evaluate(truth, results, { maxDets: [100, 10, 1] }),
    /three rising numbers for `maxDets` but received 100, 10, 1/,
  );
  await assert.rejects(evaluate(truth, results, { maxDets: 0 }), /`maxDets` but received 0/);
  await assert.rejects(evaluate(truth, results, { signal: AbortSignal.abort('no') }), (reason) => reason === 'no');
});

test('objects that no JSON holds are named', async () => {
  const truth = JSON.parse(readFileSync(file('plain/gt.json'), 'utf8')) as { images: object[]; annotations: object[]; categories: object[] };
  const circle: Record<string, unknown> = { image_id: 1 };
  circle['itself'] = circle;
  const refused = (name: string) => ({ code: 'ERR_MIMDET_INVALID_ARGUMENT', message: new RegExp(`written as JSON for \`${name}\``) });
  await assert.rejects(evaluate(truth, [circle] as never), refused('detections'));
  await assert.rejects(evaluate({ ...truth, images: [{ id: 1n }] }, []), refused('groundTruth'));
});

test('curves: 101 recalls, whose means are the summary', async () => {
  const summary = await evaluate(file('plain/gt.json'), file('plain/dt.json'), { curves: true });
  for (const { curves, ...numbers } of [summary.bbox!, summary.segm!]) {
    assert.equal(curves!.recall.length, 101);
    for (const key of ['AP', 'AP50', 'AP75'] as const) {
      const mean = curves![key].reduce((sum, value) => sum + value) / 101;
      assert.ok(Math.abs(mean - numbers[key]) < 1e-12, key);
    }
    assert.deepEqual(Object.keys(curves!.perCategory), Object.keys(numbers.perCategory));
  }
  assert.equal(summary.confusion, undefined);
});

test('confusion: options, and counts of every object', async () => {
  const truth = JSON.parse(readFileSync(file('plain/gt.json'), 'utf8')) as { annotations: { iscrowd: number }[] };
  const { confusion, bbox } = await evaluate(file('plain/gt.json'), file('plain/dt.json'), { confusion: { scoreThreshold: 0.3 } });
  assert.equal(confusion!.iouType, 'segm');
  assert.equal(confusion!.scoreThreshold, 0.3);
  assert.deepEqual(confusion!.classes, Object.keys(bbox!.perCategory));
  const background = confusion!.classes.length;
  const objects = confusion!.counts.filter(([row]) => row !== background).reduce((sum, [, , count]) => sum + count, 0);
  assert.equal(objects, truth.annotations.filter(({ iscrowd }) => !iscrowd).length);
  const [first] = confusion!.pictures;
  assert.equal(first!.quality === -1 || (first!.quality >= 0 && first!.quality <= 1), true);
  await assert.rejects(
    evaluate(file('plain/gt.json'), file('plain/dt.json'), { confusion: { iou: 0.3 } }),
    /Expected a number from 0.5 to 1 for `confusion.iou` but received 0.3/,
  );
});
