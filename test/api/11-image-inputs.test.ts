// What else people send as a picture: pixels, folders, devices, URLs, files that change; and the limits.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import test, { after } from 'node:test';
import sharp from 'sharp';
import { decodeImage, type ImageInput } from '../../lib/index.js';
import { goldenFile } from '../golden-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'mimdet-image-'));
after(() => rmSync(folder, { recursive: true }));

const rejects = (input: unknown, code: string, message: RegExp, options?: object) =>
  assert.rejects(decodeImage(input as ImageInput, options), (error: Error & { code: string }) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

test('pixels: grey is spread, alpha dropped, RGB copied', async () => {
  const rgb = new Uint8Array([1, 2, 3, 4, 5, 6]);
  const decoded = await decodeImage({ data: rgb, width: 2, height: 1, channels: 3 });
  assert.deepEqual(Array.from(decoded.data), [1, 2, 3, 4, 5, 6]);
  rgb.fill(9);
  assert.deepEqual(Array.from(decoded.data), [1, 2, 3, 4, 5, 6], 'it is a copy');
  const grey = await decodeImage({ data: new Uint8Array([7, 200]), width: 1, height: 2, channels: 1 });
  assert.deepEqual(Array.from(grey.data), [7, 7, 7, 200, 200, 200]);
  const rgba = await decodeImage({
    data: new Uint8ClampedArray([1, 2, 3, 0, 250, 251, 252, 128]),
    width: 2,
    height: 1,
    channels: 4,
  });
  assert.deepEqual(Array.from(rgba.data), [1, 2, 3, 250, 251, 252]);
});

test('pixels: a view into a larger buffer, and shared memory', async () => {
  const view = new Uint8Array(new Uint8Array([0, 0, 1, 2, 3, 0]).buffer, 2, 3);
  assert.deepEqual(Array.from((await decodeImage({ data: view, width: 1, height: 1, channels: 3 })).data), [1, 2, 3]);
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(8);
  const { data } = await decodeImage({ data: shared, width: 1, height: 1, channels: 3 });
  assert.ok(data.buffer instanceof ArrayBuffer, 'nobody else can write to it');
  assert.deepEqual(Array.from(data), [8, 8, 8]);
});

test('pixels that do not fit are refused by name', async () => {
  const raw = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
  await rejects(
    { ...raw, width: 3 },
    'ERR_MIMDET_INVALID_ARGUMENT',
    /Expected 3 x 2 x 3 = 18 bytes for `image.data` but received 12/,
  );
  await rejects({ ...raw, width: 0 }, 'ERR_MIMDET_INVALID_ARGUMENT', /for `image.width` but received 0/);
  await rejects({ ...raw, height: 2.5 }, 'ERR_MIMDET_INVALID_ARGUMENT', /for `image.height` but received 2.5/);
  await rejects({ ...raw, height: NaN }, 'ERR_MIMDET_INVALID_ARGUMENT', /for `image.height` but received NaN/);
  await rejects({ ...raw, channels: 2 }, 'ERR_MIMDET_INVALID_ARGUMENT', /for `image.channels` but received 2/);
  await rejects(
    { ...raw, data: new Float32Array(12) },
    'ERR_MIMDET_INVALID_ARGUMENT',
    /for `image.data` but received Float32Array/,
  );
  await rejects({ ...raw, data: [1, 2] }, 'ERR_MIMDET_INVALID_ARGUMENT', /for `image.data` but received an array of 2/);
});

test('bytes that have been given away are refused by name', async () => {
  const bytes = new Uint8Array(readFileSync(goldenFile('micro', 'pictures/one.png')));
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  await rejects(bytes, 'ERR_MIMDET_INVALID_ARGUMENT', /bytes that can be read for `image` but received a detached Uint8Array/);
});

test('what is no picture at all', async () => {
  for (const input of [undefined, null, 7, {}, [], new Float64Array(3), Symbol('x'), () => 1]) {
    await rejects(input, 'ERR_MIMDET_INVALID_ARGUMENT', /for `image` but received/);
  }
  await rejects('', 'ERR_MIMDET_INVALID_ARGUMENT', /Expected a path/);
  await rejects('a\0b.png', 'ERR_MIMDET_INVALID_ARGUMENT', /Expected a path/);
  await rejects(new Uint8Array(0), 'ERR_MIMDET_DECODE', /an empty file/);
});

test('URLs other than file: are refused', async () => {
  for (const url of [
    'http://127.0.0.1/a.png',
    'https://127.0.0.1/a.png',
    'data:image/png;base64,AAAA',
    'file://host/a.png',
    'ftp://x/y',
  ]) {
    await rejects(url, 'ERR_MIMDET_INVALID_ARGUMENT', /Expected a path or a file: URL/);
    await rejects(new URL(url), 'ERR_MIMDET_INVALID_ARGUMENT', /Expected a path or a file: URL/);
  }
});

test('folders, devices, pipes and missing files are errors, and nothing hangs', { timeout: 10_000 }, async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await rejects(folder, 'ERR_MIMDET_DECODE', /a folder/);
  await rejects('/dev/zero', 'ERR_MIMDET_DECODE', /not a regular file/);
  await rejects(pipe, 'ERR_MIMDET_DECODE', /not a regular file/);
  await rejects(join(folder, 'missing.png'), 'ERR_MIMDET_DECODE', /no such file/);
  await rejects(join(folder, 'x'.repeat(5000)), 'ERR_MIMDET_DECODE', /too long/);
});

test('a path with a colon, spaces and letters of any script', async () => {
  const path = join(folder, 'b c: ä 細胞 #1%20.png');
  writeFileSync(path, readFileSync(goldenFile('images', 'rgb.png')));
  assert.equal((await decodeImage(path)).width, 97);
});

test('a colon alone makes no URL', async () => {
  await rejects('scan:01.png', 'ERR_MIMDET_DECODE', /"scan:01.png" \(no such file\)/);
});

test('maxPixels: refused by the header; one less passes', async () => {
  const path = goldenFile('images', 'rgb.png');
  await rejects(path, 'ERR_MIMDET_DECODE', /at most 6304 pixels/, { maxPixels: 97 * 65 - 1 });
  assert.equal((await decodeImage(path, { maxPixels: 97 * 65 })).height, 65);
  const raw = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 } as const;
  await rejects(raw, 'ERR_MIMDET_DECODE', /at most 3 pixels/, { maxPixels: 3 });
  const big = goldenFile('images', 'rgb.bmp');
  await rejects(big, 'ERR_MIMDET_DECODE', /more than the 100 allowed/, { maxPixels: 100 });
});

test('options: unknown ones and wrong values are named', async () => {
  const path = goldenFile('images', 'rgb.png');
  await rejects(path, 'ERR_MIMDET_INVALID_ARGUMENT', /did you mean "maxPixels"/, { maxPixel: 3 });
  await rejects(path, 'ERR_MIMDET_INVALID_ARGUMENT', /for `maxPixels` but received -1/, { maxPixels: -1 });
});

test('an abort before and during decoding rejects with its reason', async () => {
  const path = goldenFile('images/more', 'big_flat.png');
  const reason = new Error('enough');
  await assert.rejects(decodeImage(path, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  const controller = new AbortController();
  const decoding = Array.from({ length: 8 }, () => decodeImage(path, { signal: controller.signal }));
  setTimeout(() => controller.abort(reason), 20);
  for (const { status, ...rest } of await Promise.allSettled(decoding)) {
    if (status === 'rejected') assert.equal((rest as PromiseRejectedResult).reason, reason);
  }
  assert.equal((await decodeImage(path)).width, 4000, 'places are given back');
});

test('the event loop stays free while many large pictures are decoded', async () => {
  const encoded = readFileSync(goldenFile('images/more', 'big_flat.png'));
  const pixels = await sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#123456' } })
    .raw()
    .toBuffer();
  const bmp = bmp24(pixels, 4000, 3000);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await Promise.all([...Array.from({ length: 4 }, () => decodeImage(encoded)), decodeImage(bmp)]);
  delay.disable();
  // The longest stop is a copy of the input or a slice of BMP; seconds would be a decode on the main thread.
  assert.ok(delay.max / 1e6 < 250, `longest stop ${(delay.max / 1e6).toFixed(0)} ms`);
});

function bmp24(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const bytes = Buffer.alloc(54 + rgb.length);
  bytes.write('BM');
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  bytes.set(rgb, 54);
  return bytes;
}
