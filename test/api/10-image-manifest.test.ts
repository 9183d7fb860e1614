// Every picture of the reference set comes out as its manifest says, and every broken one is refused.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { decodeImage, type ImageInput } from '../../lib/index.js';
import { golden, goldenJson } from '../golden-folder.js';

interface Entry {
  file: string;
  width: number;
  height: number;
  sha256_rgb8?: string;
  expected?: string;
  meanAbsDiff: number;
  maxAbsDiff: number;
  error?: string;
  why?: string;
}

for (const set of ['images', 'images/more']) {
  const folder = golden(set)!;
  for (const entry of goldenJson<Entry[]>(set, 'manifest.json')) {
    const path = join(folder, entry.file);
    const inputs: [string, ImageInput][] = [
      ['path', path],
      ['URL', pathToFileURL(path)],
      ['bytes', readFileSync(path)],
    ];
    for (const [kind, input] of inputs) {
      test(`${set}/${entry.file} as ${kind}`, () =>
        entry.error ? assertRefused(input, entry.error) : assertDecoded(input, entry, folder));
    }
  }
}

async function assertRefused(input: ImageInput, code: string): Promise<void> {
  await assert.rejects(decodeImage(input), (error: Error & { code: string }) => {
    assert.equal(error.code, code);
    assert.match(error.message, /^Expected .+ for `image` but received .+/);
    return true;
  });
}

async function assertDecoded(input: ImageInput, entry: Entry, folder: string): Promise<void> {
  const { data, width, height, channels } = await decodeImage(input);
  assert.deepEqual({ width, height, channels }, { width: entry.width, height: entry.height, channels: 3 });
  assert.equal(data.length, width * height * 3);
  if (entry.sha256_rgb8) assert.equal(createHash('sha256').update(data).digest('hex'), entry.sha256_rgb8);
  else await assertClose(data, join(folder, entry.expected!), entry);
}

async function assertClose(data: Uint8Array, expectedFile: string, { meanAbsDiff, maxAbsDiff }: Entry): Promise<void> {
  const expected = await sharp(expectedFile).removeAlpha().raw().toBuffer();
  assert.equal(data.length, expected.length);
  let sum = 0;
  let largest = 0;
  data.forEach((value, i) => {
    const difference = Math.abs(value - expected[i]!);
    sum += difference;
    largest = Math.max(largest, difference);
  });
  assert.ok(largest <= maxAbsDiff, `largest difference ${largest}`);
  assert.ok(sum / data.length <= meanAbsDiff, `mean difference ${sum / data.length}`);
}
