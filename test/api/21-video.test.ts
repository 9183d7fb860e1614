// examples/video.mjs: raw frames out of pieces of any size, in order; a film waits for its reader, a camera does not. A pipe of
// made-up frames stands for ffmpeg.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

interface Frame {
  number: number;
  data: Uint8Array;
  width: number;
  height: number;
  channels: 3;
}

interface RawFrames {
  readFrames(stream: AsyncIterable<Uint8Array>, size: { width: number; height: number }): AsyncGenerator<Frame>;
  newestOf(frames: AsyncIterable<Frame>, count: { dropped: number }): AsyncGenerator<Frame>;
}

const example = (name: string) => new URL(`../../examples/${name}`, import.meta.url);
const { readFrames, newestOf } = (await import(example('raw-frames.mjs').href)) as RawFrames;
const size = { width: 4, height: 2 };
const bytesOfFrames = (count: number) => Uint8Array.from({ length: count * 24 }, (_, i) => Math.floor(i / 24));

async function* pieces(bytes: Uint8Array, length: number, log = { read: 0 }): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += length) {
    log.read++;
    yield bytes.subarray(from, from + length);
  }
}

test('frames are whole and in order, however the pipe cuts them', async () => {
  for (const length of [1, 7, 24, 55, 1000]) {
    let expected = 0;
    for await (const { data, ...rest } of readFrames(pieces(bytesOfFrames(5), length), size)) {
      assert.deepEqual(rest, { number: expected, ...size, channels: 3 });
      assert.deepEqual(data, new Uint8Array(24).fill(expected++));
    }
    assert.equal(expected, 5);
  }
});

test('a pipe that ends within a frame gives the whole ones, and says so', async () => {
  const frames = readFrames(pieces(bytesOfFrames(2).subarray(0, 40), 24), size);
  assert.equal((await frames.next()).value.number, 0);
  await assert.rejects(frames.next(), /whole frames of 24 bytes but received 16/);
});

test('a film waits for its reader', async () => {
  const log = { read: 0 };
  const frames = readFrames(pieces(bytesOfFrames(10), 24, log), size);
  await frames.next();
  await sleep(10);
  assert.equal(log.read, 1);
});

test('live: the newest frame is given, the others are counted', async () => {
  async function* camera() {
    yield* readFrames(pieces(bytesOfFrames(6), 24), size);
  }
  const count = { dropped: 0 };
  const seen: number[] = [];
  for await (const { number } of newestOf(camera(), count)) {
    seen.push(number);
    await sleep(10); // the camera goes on meanwhile
  }
  assert.equal(seen.at(-1), 5);
  assert.equal(seen.length + count.dropped, 6);
  assert.ok(count.dropped >= 3, seen.join(' '));
});

test('live: a pipe that breaks is told after the last whole frame', async () => {
  const frames = newestOf(readFrames(pieces(bytesOfFrames(2).subarray(0, 40), 20), size), { dropped: 0 });
  assert.equal((await frames.next()).value.number, 0);
  await assert.rejects(frames.next(), /whole frames/);
});

test('the example prints a line a frame, and how many were dropped', { timeout: 300_000 }, async () => {
  const [width, height] = [48, 32];
  const args = [fileURLToPath(example('video.mjs')), '--width', String(width), '--height', String(height)];
  const env = { ...process.env, MIMDET_DEVICE: 'cpu', MIMDET_THREADS: '1' };
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.end(Buffer.alloc(3 * width * height * 3, 120));
  const status = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(status, 0, errors);
  const lines = output.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  const heads = lines.map((line) => [line['frame'], line['width'], line['height']]);
  assert.deepEqual(heads, [0, 1, 2].map((frame) => [frame, width, height]));
  assert.match(errors, /3 frames, 0 dropped/);
});
