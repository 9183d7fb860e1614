// Data sets with one fault each: what the check must name, and that valid ones have none. Reference data: test/golden/broken-
// datasets.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkReport, checkStatus } from '../../lib/data/check-report.js';
import type { DatasetFault } from '../../lib/data/dataset.js';
import { checkTrainingData, DatasetError, openDataset, openTrainingData } from '../../lib/data/open-dataset.js';
import { parseVocXml } from '../../lib/data/voc-xml.js';
import { parseLabels } from '../../lib/data/yolo-labels.js';

const scratch = mkdtempSync(join(tmpdir(), 'mimdet-broken-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

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

test('a line of digits without end is a fault like any other, at once', { timeout: 10_000 }, () => {
  const digits = '1'.repeat(200_000);
  const faults: DatasetFault[] = [];
  assert.deepEqual(parseLabels(`0 ${digits}x 0 0 0\n${digits}x 0 0 0 0`, 'a.txt', new Map([[0, 0]]), faults), []);
  const sides = ['xmin', 'ymin', 'xmax', 'ymax'].map((side) => `<${side}>${digits}x</${side}>`).join('');
  const xml = `<annotation><object><name>cat</name><bndbox>${sides}</bndbox></object></annotation>`;
  assert.deepEqual(parseVocXml(xml, 'a.xml', faults).objects, []);
  assert.deepEqual(faults.map(({ code }) => code), ['not-a-number', 'not-a-number', 'not-a-number']);
  assert.ok(checkReport(faults).length < 3000, 'and is told in short');
});

/** The valid set of YOLO without its data.yaml, with these bytes as classes.txt. */
async function withClasses(name: string, bytes: Buffer): Promise<DatasetFault[]> {
  const folder = join(scratch, name);
  cpSync(join(root, 'yolo_valid'), folder, { recursive: true });
  rmSync(join(folder, 'data.yaml'));
  writeFileSync(join(folder, 'classes.txt'), bytes);
  return (await checkTrainingData({ data: folder })).faults;
}

test('a classes.txt that is no UTF-8, or has a name twice, is told with its file', async () => {
  const latin1 = await withClasses('latin1', Buffer.from('k\u00e4fer\nhund\n', 'latin1'));
  assert.match(checkReport(latin1), /latin1\/classes\.txt: .*names of classes for `classes\.txt` but received bytes that are no UTF-8/);
  const twice = await withClasses('twice', Buffer.from('hund\nkatze\nhund\n'));
  assert.match(checkReport(twice), /twice\/classes\.txt: .*different class names for `names` but received \["hund", "katze", "hund"\]/);
  for (const faults of [latin1, twice]) assert.equal(checkStatus(faults, false), 1);
  assert.deepEqual(await withClasses('both', Buffer.from('\ufeffhund\r\n\r\nkatze\r\n')), []);
});

test('what kept a picture from being read is said, also where the system has no name for it', async () => {
  const folder = join(scratch, 'folder-as-picture');
  cpSync(join(root, 'yolo_valid'), folder, { recursive: true });
  rmSync(join(folder, 'images/a.png'));
  mkdirSync(join(folder, 'images/a.png'));
  writeFileSync(join(folder, 'train.txt'), 'images/a.png\n');
  writeFileSync(join(folder, 'data.yaml'), 'train: train.txt\nnames: [a, b, c]\n');
  assert.match(checkReport((await checkTrainingData({ data: folder })).faults), /for `images\/a\.png` but received a folder \(/);
});
