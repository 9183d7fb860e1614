// The whole way from a picture's file to instances, against what the reference implementation found.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test, { after, before } from 'node:test';
import { Detector, decodeImage, type CocoResult, type Detections, type Instance } from '../../lib/index.js';
import { golden, goldenFile, goldenJson, goldenModel } from '../golden-folder.js';

interface Found {
  box: number[]; // x1 y1 x2 y2
  score: number;
  mask: { size: [number, number]; counts: string };
}

const picture = fileURLToPath(new URL('../../examples/pictures/0e4c2e2780de.png', import.meta.url));
let nuclei: Detector;

before(async () => {
  nuclei = await Detector.load('nuclei', { device: 'cpu', precision: 'float32' });
});
after(() => nuclei?.close());

function assertFound(
  detections: Detections,
  expected: Found[],
  tolerance: { box: number; score: number; mask: number },
): void {
  assert.equal(detections.length, expected.length);
  const left = [...expected];
  for (const instance of detections) {
    // Neighbours with nearly equal scores may swap: an instance is known by its box.
    const place = left.findIndex((other) => boxDifference(instance, other) <= tolerance.box);
    assert.notEqual(place, -1, `nothing in the reference has the box ${JSON.stringify(instance.box)}`);
    const [other] = left.splice(place, 1);
    assert.ok(Math.abs(instance.score - other!.score) <= tolerance.score, `score ${instance.score} against ${other!.score}`);
    assert.ok(maskIou(instance, other!) >= tolerance.mask, 'mask');
  }
}

const boxDifference = ({ box }: Instance, { box: [x1, y1, x2, y2] }: Found) =>
  Math.max(Math.abs(box.x1 - x1!), Math.abs(box.y1 - y1!), Math.abs(box.x2 - x2!), Math.abs(box.y2 - y2!));

function maskIou({ mask }: Instance, other: Pick<Found, 'mask'>): number {
  const [a, b] = [
    mask!.toBitmap(),
    new (mask!.constructor as typeof import('../../lib/index.js').Mask)(other.mask.size, other.mask.counts).toBitmap(),
  ];
  let [both, either] = [0, 0];
  a.forEach((bit, i) => {
    both += bit & b[i]!;
    either += bit | b[i]!;
  });
  return either === 0 ? 1 : both / either;
}

test('the bundled model says what it is', () => {
  const { info } = nuclei;
  assert.equal(info.preset, 'tiny');
  assert.deepEqual(info.classes, ['nucleus']);
  assert.deepEqual([info.minSize, info.maxSize], [448, 752]);
  assert.ok(info.parameters > 4e6 && info.parameters < 5e6, `${info.parameters} parameters`);
  assert.equal(info.config.roi.detectionsPerImage, 300);
  assert.equal(info.card.license, 'CC0-1.0');
  assert.equal(info.device, 'cpu');
});

for (const [precision, instructions] of [
  ['bfloat16', /avx512_bf16|amx_bf16/],
  ['int8', /avx512_vnni/],
] as const)
  test(`in ${precision} a processor with instructions for it finds what it finds in float32; any other says no`, async () => {
    const loaded = await Detector.load('nuclei', { device: 'cpu', precision }).catch((error: unknown) => error);
    if (!(loaded instanceof Detector)) {
      assert.doesNotMatch(readFileSync('/proc/cpuinfo', 'utf8'), instructions);
      return assert.throws(() => { throw loaded; }, { code: 'ERR_MIMDET_DEVICE', message: /instructions/ });
    }
    await using detector = loaded;
    assert.equal(detector.info.precision, precision);
    await assertNearlyAll(detector);
  });

/** Of what is found in float32 with a score above a half, 95 % has to be found again: a box within 4 pixels, a mask of IoU 0.8, a score within 0.1. */
async function assertNearlyAll(detector: Detector): Promise<void> {
  const [exact, rounded] = [await nuclei.detect(picture), await detector.detect(picture)];
  const sure = [...exact].filter(({ score }) => score > 0.5);
  const same = (one: Instance, other: Instance) =>
    Math.abs(one.score - other.score) < 0.1 &&
    boxDifference(one, { box: Object.values(other.box), score: other.score, mask: other.mask! }) < 4 &&
    maskIou(one, { mask: other.mask! }) > 0.8;
  const found = sure.filter((one) => [...rounded].some((other) => same(one, other)));
  assert.ok(sure.length > 20 && found.length >= 0.95 * sure.length, `${found.length} of ${sure.length}`);
}

type Results = (CocoResult & { segmentation: Found['mask'] })[];

/** What the reference found on the picture, which is the eighth of the validation set. */
function referenceFound(folder: string): Found[] {
  const found = goldenJson<Results>(folder, 'detections_val_first8.json')
    .filter(({ image_id }) => image_id === 8)
    .map(({ bbox: [x, y, w, h], score, segmentation }) => ({ box: [x, y, x + w, y + h], score, mask: segmentation }));
  assert.ok(found.length > 20);
  return found;
}

test('a picture of the shipped ones: the reference’s instances', async () => {
  const found = await nuclei.detect(picture, { scoreThreshold: nuclei.info.config.roi.scoreThreshold });
  assertFound(found, referenceFound('nuclei'), { box: 0.02, score: 2e-4, mask: 0.995 });
  assert.deepEqual([found.width, found.height], [320, 256]);
  assert.ok(found.timing.modelMs > 0 && found.timing.totalMs >= found.timing.modelMs);
});

const others = { skip: !existsSync(join(golden('nuclei-tiny')!, 'weights.safetensors')) };

test('the same picture with weights that the reference trained', others, async () => {
  await using trained = await Detector.load(goldenFile('nuclei-tiny', 'weights.safetensors'), { device: 'cpu' });
  const found = await trained.detect(picture, { scoreThreshold: 0.05 });
  assertFound(found, referenceFound('nuclei-tiny'), { box: 0.02, score: 2e-4, mask: 0.995 });
});

test('the small model, from the files: the reference’s instances', async () => {
  const { pictures } = goldenJson<{ pictures: Record<string, { detections: Found[] }> }>('micro', 'end_to_end.json');
  await using micro = await Detector.load(goldenModel('micro'), { device: 'cpu' });
  for (const [file, { detections }] of Object.entries(pictures)) {
    const found = await micro.detect(goldenFile('micro', file), { scoreThreshold: 0.05 });
    assertFound(found, detections, { box: 0.01, score: 5e-5, mask: 0.999 });
  }
});

test('every kind of input gives the same', async () => {
  const inputs = [picture, pathToFileURL(picture), new Uint8Array(readFileSync(picture)), await decodeImage(picture)];
  const all = await Promise.all(inputs.map((input) => nuclei.detect(input)));
  for (const found of all) assert.deepEqual(found.instances, all[0]!.instances);
});

test('pixels may be written over as soon as the call returns, frame after frame', async () => {
  const frame = await decodeImage(picture);
  const frames = [frame.data.slice(), frame.data.slice().reverse(), frame.data.map((value) => 255 - value)];
  const alone: Instance[][] = [];
  for (const data of frames) alone.push([...(await nuclei.detect({ ...frame, data }))]);
  const calls = Array.from({ length: 6 }, (_, i) => {
    frame.data.set(frames[i % 3]!);
    return nuclei.detect(frame);
  });
  frame.data.fill(0);
  for (const [i, found] of (await Promise.all(calls)).entries()) assert.deepEqual([...found], alone[i % 3]);
});

test('bytes and a path give the same model', async () => {
  const file = goldenFile('nuclei', 'weights.safetensors');
  await using other = await Detector.load(new Uint8Array(readFileSync(file)), { device: 'cpu' });
  assert.deepEqual((await other.detect(picture)).instances, (await nuclei.detect(picture)).instances);
});

test('scoreThreshold, maxDetections, masks, classes', async () => {
  const all = await nuclei.detect(picture, { scoreThreshold: 0.05 });
  assert.ok(
    all.instances.every(({ score }, i) => i === 0 || score <= all.instances[i - 1]!.score),
    'highest first',
  );
  const sure = await nuclei.detect(picture, { scoreThreshold: 0.9 });
  assert.deepEqual(sure.instances, all.filter(({ score }) => score > 0.9).instances);
  assert.deepEqual((await nuclei.detect(picture, { maxDetections: 3 })).instances, all.instances.slice(0, 3));
  const bare = await nuclei.detect(picture, { masks: false });
  assert.ok(bare.length > 0 && bare.instances.every(({ mask }) => mask === null));
  assert.deepEqual((await nuclei.detect(picture, { classes: ['nucleus'], scoreThreshold: 0.05 })).instances, all.instances);
  assert.equal((await nuclei.detect(picture, { scoreThreshold: 1 })).length, 0);
});

test('sampleRatio: the same seed the same result, another seed another', async () => {
  const scores = async (seed: number) =>
    (await nuclei.detect(picture, { sampleRatio: 0.5, seed })).instances.map(({ score }) => score);
  const [a, again, b] = [await scores(1), await scores(1), await scores(2)];
  assert.deepEqual(a, again);
  assert.notDeepEqual(a, b);
});

test('detectMany: in order, with a broken picture among them', async () => {
  const inputs = [picture, goldenFile('images', 'truncated.png'), picture];
  const seen: string[] = [];
  for await (const { input, index, detections, error } of nuclei.detectMany(inputs)) {
    assert.equal(input, inputs[index]);
    seen.push(error ? error.code : `${detections.length > 20}`);
  }
  assert.deepEqual(seen, ['true', 'ERR_MIMDET_DECODE', 'true']);
});

test('very small and very narrow pictures are pictures', async () => {
  for (const [width, height] of [
    [1, 1],
    [1, 900],
    [900, 1],
    [17, 16],
  ] as const) {
    const found = await nuclei.detect({ data: new Uint8Array(width * height * 3), width, height, channels: 3 });
    assert.deepEqual([found.width, found.height], [width, height]);
  }
});

test('a deadline that has passed, an abort before the call', async () => {
  await assert.rejects(nuclei.detect(picture, { deadlineMs: 0.001 }), { code: 'ERR_MIMDET_DEADLINE' });
  const reason = new Error('no more');
  await assert.rejects(nuclei.detect(picture, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  await assert.rejects(Detector.load('nuclei', { signal: AbortSignal.abort(reason) }), (error) => error === reason);
});

test('a budget takes a smaller sample ratio, down to a quarter, and says so', async () => {
  const { timing } = await nuclei.detect(picture, { budgetMs: 0.001 });
  assert.equal(timing.sampleRatio, 0.25);
  assert.ok(timing.predictedMs! > 0);
  assert.equal((await nuclei.detect(picture, { budgetMs: 60_000 })).timing.sampleRatio, 1);
  assert.equal((await nuclei.detect(picture, { budgetMs: 60_000, sampleRatio: 0.5 })).timing.sampleRatio, 0.5);
});

test('times of the stations are parts of the model\'s, and less is computed at a lower ratio', async () => {
  const [whole, half] = [await nuclei.detect(picture), await nuclei.detect(picture, { sampleRatio: 0.5 })];
  const { stations, modelMs } = whole.timing;
  assert.ok(Object.values(stations).reduce((sum, { ms }) => sum + ms, 0) <= modelMs);
  assert.ok(half.timing.stations.encoder.multiplyAdds < 0.55 * stations.encoder.multiplyAdds);
  assert.equal(half.timing.stations.pyramid.multiplyAdds, stations.pyramid.multiplyAdds);
});

test('stats count; a closed detector says so', async () => {
  const detector = await Detector.load('nuclei', { device: 'cpu' });
  await detector.detect(picture);
  const { completed, queued, running, batches, meanComputeMs, pictureBytes } = detector.stats();
  assert.deepEqual(
    { completed, queued, running, batches, pictureBytes },
    { completed: 1, queued: 0, running: 0, batches: 1, pictureBytes: 0 },
  );
  assert.ok(meanComputeMs > 0);
  await Promise.all([detector.close(), detector.close()]);
  await assert.rejects(detector.detect(picture), { code: 'ERR_MIMDET_DISPOSED' });
  await assert.rejects(detector.detectMany([picture]).next(), { code: 'ERR_MIMDET_DISPOSED' });
});

test('close finishes what is under way; without draining it rejects it', async () => {
  const draining = await Detector.load('nuclei', { device: 'cpu' });
  const calls = [draining.detect(picture), draining.detect(picture)];
  await draining.close();
  for (const found of await Promise.all(calls)) assert.ok(found.length > 20);
  const stopping = await Detector.load('nuclei', { device: 'cpu' });
  const stopped = Promise.allSettled([stopping.detect(picture), stopping.detect(picture)]);
  await stopping.close({ drain: false });
  for (const result of await stopped) {
    assert.ok(result.status === 'fulfilled' || (result.reason as { code: string }).code === 'ERR_MIMDET_DISPOSED');
  }
});

test('weights that are none', async () => {
  await assert.rejects(Detector.load(fileURLToPath(import.meta.url)), { code: 'ERR_MIMDET_WEIGHTS' });
  await assert.rejects(Detector.load(new Uint8Array(20)), { code: 'ERR_MIMDET_WEIGHTS' });
  await assert.rejects(Detector.load(goldenFile('checkpoints', 'truncated.safetensors')), { code: 'ERR_MIMDET_WEIGHTS' });
  await assert.rejects(Detector.load(goldenFile('checkpoints', 'nan.safetensors')), { code: 'ERR_MIMDET_WEIGHTS' });
});
