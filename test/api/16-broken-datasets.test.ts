// Data sets with one fault each: what the check must name, and that valid ones have none. Reference data: test/golden/broken-
// datasets.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkReport, checkStatus } from '../../lib/data/check-report.js';
import { checkTrainingData, DatasetError, openDataset, openTrainingData } from '../../lib/data/open-dataset.js';

interface Entry {
  dataset: string;
  form: 'coco' | 'voc' | 'yolo';
  valid: boolean;
  mustName: string[];
  why: string;
}

const root = fileURLToPath(new URL('../golden/broken-datasets', import.meta.url));
const entriesOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Entry[];

for (const folder of [root, join(root, 'more')]) {
  for (const { dataset, form, valid, mustName, why } of entriesOf(folder)) {
    const data = join(folder, dataset);
    test(`${dataset}: ${valid ? 'valid' : `named ${mustName.join(', ')}`} (${why || 'as its name says'})`, async () => {
      const started = performance.now();
      const { train, faults } = await checkTrainingData({ data });
      const report = checkReport(faults);
      assert.ok(performance.now() - started < 5000);
      if (valid) {
        assert.equal(report, '');
        assert.equal(train?.form, form);
        const opened = await openTrainingData({ data, strict: true });
        assert.ok(opened.train.pictures.some(({ objects }) => objects.length > 0));
      } else {
        const withoutFolder = report.replaceAll(`${folder}/${dataset}`, '');
        for (const name of mustName) assert.ok(withoutFolder.includes(name), `${name} in ${report}`);
        assert.equal(checkStatus(faults, true), 1);
        await assert.rejects(openTrainingData({ data, strict: true }), { code: 'ERR_MIMDET_DATASET' });
      }
    });
  }
}

test('without --strict what is faulty is left out, and the rest is used', async () => {
  const { train, val, faults } = await openTrainingData({ data: join(root, 'no_area') });
  assert.deepEqual(
    faults.map(({ annotation, code }) => [annotation, code]),
    [[2, 'no-area']],
  );
  assert.equal(checkStatus(faults, false), 0);
  assert.equal(train, val); // one picture with an object alone
  assert.deepEqual(
    train.pictures.map(({ id, objects }) => [id, objects.map((object) => object.box)]),
    [
      [1, [[5, 5, 25, 25]]],
      [2, []],
    ],
  );
});

test('where nothing is left, training ends with the faults, whether strict or not', async () => {
  for (const dataset of ['no_annotations', 'truncated_json', 'more/yolo_no_names', 'voc_no_area']) {
    await assert.rejects(openTrainingData({ data: join(root, dataset) }), (error: unknown) => {
      assert.ok(error instanceof DatasetError);
      assert.equal(error.code, 'ERR_MIMDET_DATASET');
      assert.ok(error.faults.length > 0);
      assert.equal(checkStatus(error.faults, false), 1);
      return true;
    });
  }
});

test('pictures outside the folder are not opened, and those with faults are no part of the set', async () => {
  assert.ok(existsSync('/etc/passwd'));
  const { dataset, faults } = await openDataset(join(root, 'path_escape'));
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['path-outside'],
  );
  assert.equal(dataset.pictures.length, 1);
});

test('a report counts what it does not print', async () => {
  const { faults } = await checkTrainingData({ data: join(root, 'more/no_categories') });
  const lines = checkReport(faults, { maxLines: 1 }).trimEnd().split('\n');
  assert.equal(lines.length, 4); // one of each kind, what is left out, the counts
  assert.match(lines[1]!, /2 more of unknown-category/);
  assert.match(lines[3]!, /^4 faults: 3 unknown-category, 1 no-objects$/);
});

test('a name with control characters does not steer the terminal', () => {
  const text = checkReport([{ file: 'a\u001b[31m.png', code: 'missing-picture', message: 'gone' }]);
  assert.ok(!text.includes('\u001b'));
});
