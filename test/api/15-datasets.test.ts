// Data sets in COCO, VOC and YOLO form: the same objects out of all three, parts, classes, and what goes to the evaluator.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Dataset, DatasetBox } from '../../lib/data/dataset.js';
import { checkTrainingData, openDataset, openTrainingData } from '../../lib/data/open-dataset.js';
import { toCoco } from '../../lib/data/to-coco.js';
import { evaluate, type CocoResult } from '../../lib/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'mimdet-data-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(scratch, String(++folders));
const shared = fileURLToPath(new URL('../../../shared/data', import.meta.url));

function write(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const picture = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 90, g: 20, b: 60 } } })
    .png()
    .toBuffer();

interface Thing {
  name: string;
  box: DatasetBox;
  polygon?: number[];
}
interface Sheet {
  file: string;
  width: number;
  height: number;
  things: Thing[];
}

const sheets: Sheet[] = [
  {
    file: 'a.png',
    width: 64,
    height: 48,
    things: [
      { name: 'cat', box: [5, 6, 25, 30] },
      { name: 'dog', box: [30, 8, 64, 48] },
    ],
  },
  { file: 'b.png', width: 40, height: 80, things: [{ name: 'dog', box: [0, 0, 10, 12] }] },
  { file: 'c.png', width: 32, height: 32, things: [] },
];
const names = ['cat', 'dog'];

async function writePictures(folder: string, list = sheets): Promise<void> {
  for (const { file, width, height } of list) write(join(folder, file), await picture(width, height));
}

function cocoOf(list = sheets, classes = names): object {
  let id = 0;
  return {
    images: list.map(({ file, width, height }, i) => ({ id: i + 1, file_name: file, width, height })),
    categories: classes.map((name, i) => ({ id: 10 * (i + 1), name })),
    annotations: list.flatMap(({ things }, i) =>
      things.map(({ name, box: [x1, y1, x2, y2], polygon }) => {
        const segmentation = polygon ? { segmentation: [polygon] } : {};
        const place = { image_id: i + 1, category_id: 10 * (classes.indexOf(name) + 1) };
        return { id: ++id, ...place, bbox: [x1, y1, x2 - x1, y2 - y1], area: (x2 - x1) * (y2 - y1), iscrowd: 0, ...segmentation };
      }),
    ),
  };
}

async function writeCoco(folder: string, list = sheets, classes = names): Promise<string> {
  await writePictures(join(folder, 'images'), list);
  write(join(folder, 'annotations.json'), JSON.stringify(cocoOf(list, classes)));
  return folder;
}

async function writeVoc(folder: string, list = sheets): Promise<string> {
  await writePictures(join(folder, 'JPEGImages'), list);
  for (const { file, width, height, things } of list) {
    const objects = things.map(({ name, box: [x1, y1, x2, y2] }) => {
      const corners = `<xmin>${x1 + 1}</xmin><ymin>${y1 + 1}</ymin><xmax>${x2}</xmax><ymax>${y2}</ymax>`;
      return `<object><name>${name}</name><difficult>0</difficult><bndbox>${corners}</bndbox></object>`;
    });
    const size = `<size><width>${width}</width><height>${height}</height><depth>3</depth></size>`;
    write(
      join(folder, 'Annotations', file.replace('.png', '.xml')),
      `<annotation><filename>${file}</filename>${size}${objects.join('')}</annotation>`,
    );
  }
  return folder;
}

function labelsOf({ width, height, things }: Sheet, classes = names): string {
  const lines = things.map(({ name, box: [x1, y1, x2, y2], polygon }) => {
    const box = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height];
    return [classes.indexOf(name), ...(polygon ? polygon.map((value, i) => value / (i % 2 ? height : width)) : box)].join(' ');
  });
  return lines.join('\n');
}

async function writeYolo(folder: string, list = sheets, classes = names): Promise<string> {
  await writePictures(join(folder, 'images'), list);
  for (const sheet of list) write(join(folder, 'labels', sheet.file.replace('.png', '.txt')), labelsOf(sheet, classes));
  write(join(folder, 'data.yaml'), `train: images\nnames: ${JSON.stringify(classes)}\n`);
  return folder;
}

/** Pictures by name with their objects by class name, boxes rounded to a thousandth of a pixel. */
const contents = (dataset: Dataset) =>
  Object.fromEntries(
    dataset.pictures.map(({ file, width, height, objects }) => {
      const things = objects.map(({ classId, box }) => [
        dataset.classes[classId],
        ...box.map((side) => Math.round(side * 1000) / 1000),
      ]);
      return [file.split('/').at(-1), { width, height, things }];
    }),
  );

test('the same objects come out of COCO, VOC and YOLO', async () => {
  const coco = await openDataset(await writeCoco(newFolder()));
  const voc = await openDataset(await writeVoc(newFolder()));
  const yolo = await openDataset(await writeYolo(newFolder()));
  assert.deepEqual([coco.faults, voc.faults, yolo.faults], [[], [], []]);
  assert.deepEqual([coco.dataset.form, voc.dataset.form, yolo.dataset.form], ['coco', 'voc', 'yolo']);
  assert.deepEqual(contents(coco.dataset)['a.png'], {
    width: 64,
    height: 48,
    things: sheets[0]!.things.map(({ name, box }) => [name, ...box]),
  });
  assert.deepEqual(contents(voc.dataset), contents(coco.dataset));
  assert.deepEqual(contents(yolo.dataset), contents(coco.dataset));
  assert.deepEqual(coco.dataset.categoryIds, [10, 20]);
  for (const { dataset } of [coco, voc, yolo]) {
    assert.equal(dataset.masks, 'none');
    const ids = dataset.pictures.flatMap(({ objects }) => objects.map(({ id }) => id));
    assert.equal(new Set(ids).size, 3);
  }
});

test('every form as a ground truth: perfect answers have AP 1', async () => {
  for (const make of [writeCoco, writeVoc, writeYolo]) {
    const { dataset } = await openDataset(await make(newFolder()));
    const truth = toCoco(dataset);
    const answers = truth.annotations.map(({ image_id, category_id, bbox }) => ({ image_id, category_id, bbox, score: 0.9 }));
    const { bbox } = await evaluate(truth, answers as CocoResult[], { iouTypes: ['bbox'] });
    assert.equal(bbox?.AP, 1);
  }
});

test('YOLO polygons are pixels of the picture, and sets may mix masks and boxes', async () => {
  const polygon = [8, 12, 24, 12, 24, 36, 8, 36];
  const list = [{ ...sheets[0]!, things: [{ name: 'cat', box: [8, 12, 24, 36] as DatasetBox, polygon }, sheets[0]!.things[1]!] }];
  const { train, notes } = await openTrainingData({ data: await writeYolo(newFolder(), list) });
  assert.deepEqual(train.pictures[0]!.objects[0]!.polygons, [polygon]);
  assert.deepEqual(train.pictures[0]!.objects[0]!.box, [8, 12, 24, 36]);
  assert.equal(train.masks, 'some');
  assert.ok(notes.some((note) => note.startsWith('1 of 2 objects')));
  assert.equal(toCoco(train).annotations[0]!.area, 16 * 24);
});

test('crowds and what is hard to judge are marked, keep their masks, and are no objects to learn', async () => {
  const folder = await writeVoc(newFolder());
  const xml = join(folder, 'Annotations/b.xml');
  writeFileSync(xml, readFileSync(xml, 'utf8').replace('<difficult>0', '<difficult>1'));
  const { dataset } = await openDataset(folder);
  assert.deepEqual(
    dataset.pictures.flatMap(({ objects }) => objects.map(({ crowd }) => crowd)),
    [false, false, true],
  );
  assert.equal(toCoco(dataset).annotations[2]!.iscrowd, 1);
});

test('parts are found: JSON files, folders, ImageSets, data.yaml', async () => {
  const [first, second] = [sheets.slice(0, 1), sheets.slice(1)];
  const json = newFolder();
  await writePictures(join(json, 'images'));
  write(join(json, 'annotations/instances_train2017.json'), JSON.stringify(cocoOf(first)));
  write(join(json, 'annotations/instances_val2017.json'), JSON.stringify(cocoOf(second)));
  const nested = newFolder();
  for (const [part, list] of [
    ['train', first],
    ['valid', second],
  ] as const) {
    await writePictures(join(nested, part), list);
    write(join(nested, part, '_annotations.coco.json'), JSON.stringify(cocoOf(list)));
  }
  const voc = await writeVoc(newFolder());
  write(join(voc, 'ImageSets/Main/train.txt'), 'a\n');
  write(join(voc, 'ImageSets/Main/val.txt'), 'b 1\r\nc -1\r\n');
  const vocFolders = newFolder();
  await writeVoc(join(vocFolders, 'train'), first);
  await writeVoc(join(vocFolders, 'val'), second);
  const yolo = newFolder();
  for (const [part, list] of [
    ['train', first],
    ['val', second],
  ] as const) {
    await writePictures(join(yolo, 'images', part), list);
    for (const sheet of list) write(join(yolo, 'labels', part, sheet.file.replace('.png', '.txt')), labelsOf(sheet));
  }
  write(join(yolo, 'train.txt'), './images/train/a.png\n');
  write(join(yolo, 'data.yaml'), 'train: train.txt\nval:\n  - ../images/val\nnames: {0: cat, 1: dog}\n');
  for (const data of [json, nested, voc, vocFolders, yolo]) {
    const { train, val, faults } = await openTrainingData({ data, strict: true });
    assert.deepEqual(faults, []);
    assert.deepEqual([Object.keys(contents(train)), Object.keys(contents(val))], [['a.png'], ['b.png', 'c.png']], data);
    assert.deepEqual(train.classes, val.classes);
    assert.deepEqual(contents((await openDataset(data)).dataset), contents(val));
  }
});

test('--val names another data set, of any form', async () => {
  const { train, val } = await openTrainingData({
    data: await writeCoco(newFolder()),
    val: await writeYolo(newFolder(), sheets.slice(1)),
  });
  assert.deepEqual([train.form, val.form], ['coco', 'yolo']);
  assert.deepEqual([train.pictures.length, val.pictures.length], [3, 2]);
});

test('other class lists are joined by names, and it is said', async () => {
  const other: Sheet[] = [
    {
      file: 'd.png',
      width: 50,
      height: 50,
      things: [
        { name: 'owl', box: [1, 1, 20, 20] },
        { name: 'dog', box: [5, 5, 30, 30] },
      ],
    },
  ];
  const val = await writeYolo(newFolder(), other, ['owl', 'dog']);
  const data = await openTrainingData({ data: await writeCoco(newFolder()), val });
  assert.deepEqual(data.train.classes, ['cat', 'dog', 'owl']);
  assert.deepEqual(data.val.classes, data.train.classes);
  assert.deepEqual(data.val.categoryIds, data.train.categoryIds);
  assert.equal(new Set(data.val.categoryIds).size, 3);
  assert.deepEqual(
    data.val.pictures[0]!.objects.map(({ classId }) => data.val.classes[classId]),
    ['owl', 'dog'],
  );
  assert.ok(data.notes.some((note) => note.includes('"owl"')));
});

test('without a part for validation every tenth picture is set aside, by the seed', async () => {
  const list = Array.from({ length: 40 }, (_, i): Sheet => ({ ...sheets[i % 2]!, file: `${String(i).padStart(2, '0')}.png` }));
  const data = await writeCoco(newFolder(), list);
  const partOf = async (seed: number) => Object.keys(contents((await openTrainingData({ data, seed })).val));
  const { train, val, notes } = await openTrainingData({ data, seed: 3 });
  assert.deepEqual([train.pictures.length, val.pictures.length], [36, 4]);
  assert.ok(val.pictures.every(({ id }) => !train.pictures.some((each) => each.id === id)));
  assert.ok(notes.some((note) => note.includes('4 of 40') && note.includes('seed 3')));
  assert.deepEqual(await partOf(3), Object.keys(contents(val)));
  assert.notDeepEqual(await partOf(4), await partOf(3));
});

test('sizes are those of the picture as it is seen; one of the stored pixels is explained', async () => {
  const folder = newFolder();
  const turned = await sharp(await picture(64, 48))
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  for (const [width, height, wrong] of [
    [48, 64, false],
    [64, 48, true],
  ] as const) {
    write(join(folder, 'images/a.jpg'), turned);
    const sheet = { ...sheets[0]!, file: 'a.jpg', width, height, things: [{ name: 'cat', box: [1, 1, 20, 20] as DatasetBox }] };
    write(join(folder, 'annotations.json'), JSON.stringify(cocoOf([sheet])));
    const { faults } = await checkTrainingData({ data: folder });
    assert.equal(
      faults.some(({ code, message }) => code === 'wrong-size' && message.includes('EXIF')),
      wrong,
    );
  }
});

test('a picture that is cut off is unreadable, one with something appended is not', async () => {
  const whole = await sharp({
    create: { width: 64, height: 48, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 99, sigma: 40 } },
  })
    .jpeg()
    .toBuffer();
  for (const [bytes, code] of [
    [whole.subarray(0, whole.length / 2), 'unreadable-picture'],
    [Buffer.concat([whole, Buffer.alloc(300)]), undefined],
  ] as const) {
    const folder = newFolder();
    write(join(folder, 'images/a.jpg'), bytes);
    write(join(folder, 'annotations.json'), JSON.stringify(cocoOf([{ ...sheets[0]!, file: 'a.jpg' }])));
    assert.equal((await checkTrainingData({ data: folder })).faults[0]?.code, code);
  }
});

test('JSON of any layout: keys in any order, lists over the borders of what is read at once, brackets in texts', async () => {
  const folder = await writeCoco(newFolder());
  const { images, categories, annotations } = cocoOf() as Record<string, unknown[]>;
  const info = { text: '{"images": [}\\" \u00e9 ]', list: [[1], { a: 'x' }] };
  const padding = ' '.repeat((1 << 20) - 200);
  const start = `\ufeff{ "annotations" :${JSON.stringify(annotations)},"info":${JSON.stringify(info)},${padding}`;
  const text = `${start}"categories":${JSON.stringify(categories, null, 2)},\n"images":\t${JSON.stringify(images)} }\n`;
  write(join(folder, 'annotations.json'), text);
  const { dataset, faults } = await openDataset(folder);
  assert.deepEqual(faults, []);
  assert.equal(contents(dataset)['a.png']!.things.length, 2);
  for (const broken of [
    text.slice(0, -3),
    `${text}x`,
    text.replace('},{', '}{'),
    text.replace('},{', '},,{'),
    text.replace(':[', ':[,'),
  ]) {
    write(join(folder, 'annotations.json'), broken);
    await assert.rejects(openDataset(folder), { code: 'ERR_MIMDET_DATASET' });
  }
});

test('an abort ends a check with its reason', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const list = Array.from({ length: 60 }, (_, i): Sheet => ({ ...sheets[0]!, file: `${i}.png` }));
  const data = await writeCoco(newFolder(), list);
  const check = checkTrainingData({
    data,
    signal: controller.signal,
    onProgress: (done) => done === 3 && controller.abort(reason),
  });
  await assert.rejects(check, reason);
});

test('progress rises to the number of pictures', async () => {
  const seen: [number, number][] = [];
  await openTrainingData({
    data: await writeVoc(newFolder()),
    val: await writeYolo(newFolder()),
    onProgress: (...both) => seen.push(both),
  });
  assert.deepEqual(
    seen,
    Array.from({ length: 6 }, (_, i) => [i + 1, 6]),
  );
});

test('pictures may be links, pipes are no pictures', async () => {
  const folder = await writeCoco(newFolder());
  rmSync(join(folder, 'images/a.png'));
  write(join(scratch, 'elsewhere.png'), await picture(64, 48));
  symlinkSync(join(scratch, 'elsewhere.png'), join(folder, 'images/a.png'));
  assert.deepEqual((await openDataset(folder)).faults, []);
  rmSync(join(folder, 'images/a.png'));
  execFileSync('mkfifo', [join(folder, 'images/a.png')]);
  assert.deepEqual(
    (await openDataset(folder)).faults.map(({ code }) => code),
    ['unreadable-picture'],
  );
});

test('blood-cells in COCO and in VOC form are the same', { skip: !existsSync(join(shared, 'blood-cells')) }, async () => {
  for (const part of ['train', 'val']) {
    const coco = await openDataset(join(shared, `blood-cells/${part}.json`));
    const voc = await openDataset(join(shared, 'blood-cells', part));
    assert.deepEqual([coco.faults, voc.faults], [[], []]);
    assert.deepEqual(contents(voc.dataset), contents(coco.dataset));
  }
});

test('nuclei as COCO and as a YOLO copy have the same boxes', { skip: !existsSync(join(shared, 'nuclei')) }, async () => {
  const { dataset } = await openDataset(join(shared, 'nuclei'));
  assert.equal(dataset.masks, 'all');
  const folder = newFolder();
  cpSync(join(shared, 'nuclei/val'), join(folder, 'images'), { recursive: true });
  for (const { file, width, height, objects } of dataset.pictures) {
    const things = objects.map(({ box }) => ({ name: 'nucleus', box }));
    const name = file.split('/').at(-1)!;
    write(
      join(folder, 'labels', `${name.slice(0, -extname(name).length)}.txt`),
      labelsOf({ file, width, height, things }, ['nucleus']),
    );
  }
  write(join(folder, 'data.yaml'), 'val: images\nnames: [nucleus]\n');
  const yolo = await openDataset(folder);
  assert.deepEqual(yolo.faults, []);
  assert.deepEqual(contents(yolo.dataset), contents(dataset));
});
