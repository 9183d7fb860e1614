// Objects on the frames of a film or a camera, a JSON line a frame, in order. Any program that writes raw RGB frames will do:
//
//   ffmpeg -i film.mp4 -vf scale=640:360 -f rawvideo -pix_fmt rgb24 - | node examples/video.mjs --width 640 --height 360
//   ffmpeg -i /dev/video0 -vf scale=640:480 -f rawvideo -pix_fmt rgb24 - | node examples/video.mjs --width 640 --height 480 --live
//
// Raw frames do not carry their size: without `-vf scale` frames of another size give garbage, and no error.
// A film waits for the model. With `--live` the newest frame is looked at, and those that came meanwhile are dropped and counted.
import { parseArgs } from 'node:util';
import { Detector } from 'mimdet';
import { newestOf, readFrames } from './raw-frames.mjs';

const { values: given } = parseArgs({
  options: {
    width: { type: 'string' },
    height: { type: 'string' },
    weights: { type: 'string', default: 'nuclei' },
    live: { type: 'boolean', default: false },
  },
});

function side(name) {
  const pixels = Number(given[name]);
  if (Number.isInteger(pixels) && pixels > 0) return pixels;
  process.stderr.write(`Expected a number of pixels for \`--${name}\` but received ${given[name]}\n`);
  process.exit(2);
}

const size = { width: side('width'), height: side('height') };
const detector = await Detector.load(given.weights);
const count = { seen: 0, dropped: 0 };
const frames = readFrames(process.stdin, size);
// One at a time when live: a frame that waits for another one is no longer the newest.
const [source, concurrency] = given.live ? [newestOf(frames, count), 1] : [frames, 4];
try {
  for await (const { input, detections, error } of detector.detectMany(source, { concurrency, masks: false })) {
    count.seen++;
    const found = error ? { error: { code: error.code, message: error.message } } : detections.toJSON();
    process.stdout.write(`${JSON.stringify({ frame: input.number, ...found })}\n`);
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  process.stdin.destroy();
  await detector.close();
  process.stderr.write(`${count.seen} frames, ${count.dropped} dropped\n`);
}
