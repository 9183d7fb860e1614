// The pixels of a picture by its header: what the decoder says, for every format; rubbish is 0 and ends soon.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import sharp from 'sharp';
import { pixelCount } from '../../lib/picture-size.js';
import { goldenFile, goldenJson } from '../golden-folder.js';

const ask = (bytes: Uint8Array) => () => sharp(bytes).metadata();
const nobody = () => Promise.reject(new Error('the decoder was asked'));
const picture = sharp({ create: { width: 70, height: 30, channels: 3, background: 'teal' } });

test('common formats without the decoder, TIFF and AVIF with it', async () => {
  const formats = {
    png: await picture.clone().png().toBuffer(),
    jpeg: await picture.clone().jpeg().toBuffer(),
    progressive: await picture.clone().jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
    gif: await picture.clone().gif().toBuffer(),
    webp: await picture.clone().webp().toBuffer(),
    lossless: await picture.clone().webp({ lossless: true }).toBuffer(),
    extended: await picture.clone().webp().withMetadata({ orientation: 6 }).toBuffer(),
  };
  for (const [name, bytes] of Object.entries(formats)) assert.equal(await pixelCount(bytes, nobody), 2100, name);
  for (const bytes of [await picture.clone().tiff().toBuffer(), await picture.clone().avif().toBuffer()])
    assert.equal(await pixelCount(bytes, ask(bytes)), 2100);
});

for (const set of ['images', 'images/more']) {
  test(`${set}: as many as are decoded`, async () => {
    const entries = goldenJson<{ file: string; width: number; height: number; error?: string }[]>(set, 'manifest.json');
    for (const { file, width, height } of entries.filter(({ error }) => !error)) {
      const bytes = readFileSync(goldenFile(set, file));
      assert.equal(await pixelCount(bytes, ask(bytes)), width * height, file);
    }
  });
}

test('a header that is cut or makes no sense is 0, however long the file', { timeout: 5000 }, async () => {
  const jpeg = await picture.clone().jpeg().toBuffer();
  const stray = new Uint8Array(20_000_000).fill(0xff);
  const cut = [new Uint8Array(0), jpeg.subarray(0, 30), stray, Buffer.from(`II*\0${' '.repeat(50)}`)];
  for (const bytes of cut)
    assert.equal(await pixelCount(bytes, ask(bytes)), 0);
});
