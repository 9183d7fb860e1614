// Event files for TensorBoard, read back record by record with every checksum.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { crc32c, maskedCrc32c } from '../../lib/report/event-records.js';
import { scalarsOf } from '../../lib/report/scalars.js';
import { TensorBoardWriter } from '../../lib/report/tensorboard.js';

interface Field {
  number: number;
  value: number | Uint8Array;
}

/** The records of a TFRecord file; a wrong checksum or a cut record is an error. */
function records(file: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    assert.equal(file.readUInt32LE(at + 8), maskedCrc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    assert.equal(file.readUInt32LE(at + 12 + length), maskedCrc32c(data));
    all.push(data);
    at += 16 + length;
  }
  return all;
}

/** The fields of a protocol-buffer message. */
function fields(data: Buffer): Field[] {
  const all: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = data[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < data.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (key % 8 === 0) all.push({ number, value: varint() });
    else if (key % 8 === 1) all.push({ number, value: data.readDoubleLE((at += 8) - 8) });
    else if (key % 8 === 5) all.push({ number, value: data.readFloatLE((at += 4) - 4) });
    else {
      assert.equal(key % 8, 2);
      const length = varint();
      all.push({ number, value: data.subarray(at, (at += length)) });
    }
  }
  return all;
}

const find = (of: Field[], number: number) => of.find((field) => field.number === number)?.value;

/** `[step, tag, value]` of all scalars in the files of a folder, by name. */
function scalarsIn(folder: string): [number, string, number][] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => records(readFileSync(join(folder, name))))
    .flatMap((record) => {
      const event = fields(record);
      const summary = find(event, 5) as Buffer | undefined;
      return summary ? fields(summary).map(({ value }) => ({ event, value: fields(value as Buffer) })) : [];
    })
    .map(({ event, value }) => [find(event, 2) as number, String(find(value, 1)), find(value, 2) as number]);
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mimdet-events-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('CRC32C: the examples of RFC 3720', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
});

test('what was written is read back: tags, steps beyond 32 bits, values', () =>
  inFolder(async (folder) => {
    const writer = new TensorBoardWriter(folder);
    writer.scalar('loss/total', 1, 0.5);
    await writer.flush();
    writer.scalars(2 ** 40 + 1, { Größe: -1e-3, 'eval/AP': NaN });
    await writer.close();
    const [first, second, third] = scalarsIn(folder);
    assert.deepEqual(first, [1, 'loss/total', 0.5]);
    assert.deepEqual(second, [2 ** 40 + 1, 'Größe', Math.fround(-1e-3)]);
    assert.ok(Number.isNaN(third![2]));
    const [version] = records(readFileSync(join(folder, readdirSync(folder)[0]!)));
    assert.equal(String(find(fields(version!), 3)), 'brain.Event:2');
  }));

test('a run that goes on opens another file and has what comes after forgotten', () =>
  inFolder(async (folder) => {
    for (const purgeStep of [undefined, 3]) {
      const writer = new TensorBoardWriter(folder, { purgeStep });
      writer.scalar('loss/total', purgeStep ?? 1, 2);
      await writer.close();
    }
    const names = readdirSync(folder).sort();
    assert.equal(names.length, 2);
    const [, start] = records(readFileSync(join(folder, names[1]!)));
    assert.equal(find(fields(start!), 2), 3);
    assert.deepEqual(fields(find(fields(start!), 7) as Buffer), [{ number: 1, value: 1 }]);
  }));

test('a flush that fails rejects, and close() ends all the same', async () => {
  const writer = new TensorBoardWriter('/dev/null/folder');
  writer.scalar('a', 1, 1);
  await assert.rejects(writer.flush(), { code: /ENOTDIR|EEXIST/ });
  await writer.close();
});

test('scalars of records: every loss and time, APs that there are', () => {
  const losses = { rpnCls: 1, rpnLoc: 2, cls: 3, boxReg: 4, mask: 5 };
  const ms = { prepare: 1, backbone: 2, rpn: 3, roi: 4, backward: 5, update: 6, total: 21 };
  const step = {
    step: 7,
    lr: 1e-3,
    loss: 15,
    losses,
    gradNorm: 2,
    objects: 30,
    foreground: 20,
    ms,
    waitMs: 0,
    imagesPerSecond: 4,
  };
  const tags = scalarsOf(step);
  assert.equal(tags['loss/mask'], 5);
  assert.equal(tags['ms/backward'], 5);
  assert.equal(tags['optimizer/lr'], 1e-3);
  const summary = { AP: 0.5, AP50: 0.8, APl: -1, perCategory: { cell: 0.5 } };
  assert.deepEqual(scalarsOf({ step: 7, eval: { bbox: summary as never }, seconds: 3 }), {
    'eval/seconds': 3,
    'eval_bbox/AP': 0.5,
    'eval_bbox/AP50': 0.8,
  });
});
