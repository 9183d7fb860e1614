// Every option of the detector: what is allowed, what is refused and how it is said. No model is needed for it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Detector } from '../../lib/index.js';
import { readDetectManyOptions, readDetectOptions, readLoadOptions } from '../../lib/detector-options.js';
import { bundledModels, resolveModel } from '../../lib/model-source.js';

const model = { classes: ['cat', 'dog'], masks: true };
const refused = (options: object, message: RegExp) =>
  assert.throws(() => readDetectOptions(options, model), { code: 'ERR_MIMDET_INVALID_ARGUMENT', message });

test('detect: defaults', () => {
  assert.deepEqual(readDetectOptions(undefined, model), {
    native: {
      scoreThreshold: 0.25,
      maxDetections: 0,
      classIds: new Int32Array(0),
      masks: true,
      sampleRatio: 1,
      seed: 0n,
      views: [],
      priority: 0,
      caller: '',
      deadlineMs: 0,
      budgetMs: 0,
      spentMs: 0,
    },
    tile: undefined,
    deadlineMs: undefined,
    signal: undefined,
  });
});

test('detect: names of classes become ids, seeds 64 bits', () => {
  const { native } = readDetectOptions({ classes: ['dog', 'cat'], seed: 2n ** 64n - 1n, sampleRatio: 0.5 }, model);
  assert.deepEqual(native.classIds, new Int32Array([1, 0]));
  assert.equal(native.seed, 2n ** 64n - 1n);
  assert.equal(readDetectOptions({ seed: 7 }, model).native.seed, 7n);
});

test('detect: wrong values are named', () => {
  refused({ scoreTreshold: 0.5 }, /did you mean "scoreThreshold"/);
  refused({ scoreThreshold: 1.5 }, /a number from 0 to 1 for `scoreThreshold` but received 1.5/);
  refused({ scoreThreshold: '0.5' }, /`scoreThreshold` but received "0.5"/);
  refused({ maxDetections: 0 }, /`maxDetections` but received 0/);
  refused({ classes: ['dgo'] }, /one of cat, dog for `classes\[0\]` but received "dgo" \(did you mean "dog"\?\)/);
  refused({ classes: [] }, /a list of class names for `classes`/);
  refused({ classes: 'cat' }, /a list of class names for `classes` but received "cat"/);
  refused({ masks: 1 }, /true or false for `masks` but received 1/);
  refused({ sampleRatio: 0 }, /above 0 and at most 1 for `sampleRatio` but received 0/);
  refused({ seed: -1 }, /an integer from 0 to 2\^64 - 1 for `seed` but received -1/);
  refused({ seed: 2n ** 64n }, /`seed`/);
  refused({ seed: 0.5 }, /`seed`/);
  refused({ budgetMs: 0 }, /above 0 .* for `budgetMs` but received 0/);
  refused({ budgetMs: '100' }, /`budgetMs` but received "100"/);
  refused({ deadlineMs: 0 }, /`deadlineMs` but received 0/);
  refused({ priority: Infinity }, /`priority` but received Infinity/);
  refused({ caller: 'a'.repeat(257) }, /a text of at most 256 characters for `caller`/);
  refused({ signal: {} }, /an AbortSignal for `signal`/);
});

test('detect: tta is every scale with every way of mirroring', () => {
  const views = (tta: unknown) =>
    readDetectOptions({ tta }, model).native.views.map(
      ({ scale, flipHorizontal, flipVertical }) => `${scale}${flipHorizontal ? 'h' : ''}${flipVertical ? 'v' : ''}`,
    );
  assert.deepEqual(views(false), []);
  assert.deepEqual(views(true), ['0.75', '0.75h', '1', '1h', '1.25', '1.25h']);
  assert.deepEqual(views({ scales: [1] }), ['1', '1h']);
  assert.deepEqual(views({ flips: false, scales: [1, 2, 1] }), ['1', '2']);
  assert.deepEqual(views({ flips: ['horizontal', 'vertical'], scales: [1] }), ['1', '1h', '1v', '1hv']);
  refused({ tta: 1 }, /true, false or \{ flips, scales \} for `tta` but received 1/);
  refused({ tta: { scales: [] } }, /a list of 1 to 8 scales for `tta.scales`/);
  refused({ tta: { scales: [5] } }, /a number from 0.25 to 4 for `tta.scales\[0\]` but received 5/);
  refused({ tta: { flips: ['horizontl'] } }, /did you mean "horizontal"/);
  refused({ tta: { flip: true } }, /did you mean "flips"/);
});

test('detect: tile is a square and an overlap', () => {
  const tile = (value: unknown) => readDetectOptions({ tile: value }, model).tile;
  assert.equal(tile(false), undefined);
  assert.deepEqual(tile(true), {});
  assert.deepEqual(tile({ size: 256, overlap: 64 }), { size: 256, overlap: 64 });
  refused({ tile: 256 }, /true, false or \{ size, overlap \} for `tile` but received 256/);
  refused({ tile: { size: 31 } }, /an integer from 32 to 8192 for `tile.size` but received 31/);
  refused({ tile: { size: 100, overlap: 51 } }, /an integer from 0 to 50 for `tile.overlap` but received 51/);
  refused({ tile: { overlap: -1 } }, /`tile.overlap`/);
  refused({ tile: true, budgetMs: 9 }, /nothing beside `tile` for `budgetMs` but received 9/);
  refused({ tile: { sise: 64 } }, /did you mean "size"/);
});

test('detect: a model without masks is asked for none', () => {
  for (const masks of [true, undefined]) assert.equal(readDetectOptions({ masks }, { ...model, masks: false }).native.masks, false);
});

test('detectMany: the same, and concurrency', () => {
  assert.equal(readDetectManyOptions({}, model).concurrency, 4);
  assert.equal(readDetectManyOptions({ concurrency: 9, masks: false }, model).call.native.masks, false);
  assert.throws(() => readDetectManyOptions({ concurrency: 0 }, model), /`concurrency` but received 0/);
  refused({ concurrency: 2 }, /"concurrency"/);
});

test('load: defaults, environment, wrong values', (t) => {
  const { MIMDET_DEVICE, MIMDET_THREADS } = process.env;
  t.after(() => Object.assign(process.env, { MIMDET_DEVICE: MIMDET_DEVICE ?? '', MIMDET_THREADS: MIMDET_THREADS ?? '' }));
  Object.assign(process.env, { MIMDET_DEVICE: '', MIMDET_THREADS: '' });
  const { native, devices } = readLoadOptions({});
  assert.deepEqual([...devices, native.precision, native.threads, native.minSize], ['auto', 'auto', 0, 0]);
  Object.assign(process.env, { MIMDET_DEVICE: 'cpu', MIMDET_THREADS: '3' });
  assert.deepEqual([...readLoadOptions({}).devices, readLoadOptions({}).native.threads], ['cpu', 3]);
  process.env['MIMDET_DEVICE'] = 'cuda:0,cuda:3';
  assert.deepEqual(readLoadOptions({}).devices, ['cuda:0', 'cuda:3']);
  assert.deepEqual(readLoadOptions({ device: ['cpu', 'cuda'] }).devices, ['cpu', 'cuda']);
  assert.deepEqual(readLoadOptions({ threads: 1 }).native.threads, 1);
  process.env['MIMDET_THREADS'] = 'many';
  assert.throws(() => readLoadOptions({}), /`MIMDET_THREADS` but received NaN/);
  const wrong = (options: object, message: RegExp) =>
    assert.throws(() => readLoadOptions({ threads: 1, ...options }), { message });
  wrong({ device: 'gpu' }, /'auto', 'cpu', 'cuda' or 'cuda:N' for `device` but received "gpu"/);
  wrong({ device: 'cuda:-1' }, /`device`/);
  wrong({ device: 'cuda:0,' }, /`device` but received ""/);
  wrong({ device: [] }, /a list of 1 to 64 of them for `device` but received/);
  wrong({ device: new Array(65).fill('cpu') }, /a list of 1 to 64 of them/);
  wrong({ device: 3 }, /`device` but received 3/);
  wrong({ precision: 'float' }, /for `precision` but received "float"/);
  wrong({ precission: 'float32' }, /did you mean "precision"/);
  wrong({ maxQueueSize: 0 }, /`maxQueueSize`/);
  wrong({ minSize: 1e9 }, /`minSize`/);
});

test('sources of a model: bundled names, paths, bytes; anything else is named', async () => {
  assert.deepEqual(bundledModels(), ['nuclei']);
  assert.match((await resolveModel('nuclei')) as string, /models\/nuclei\.safetensors$/);
  assert.equal(await resolveModel('package.json'), 'package.json');
  const bytes = new Uint8Array([1, 2]);
  assert.notEqual(await resolveModel(bytes), bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  await assert.rejects(resolveModel(bytes), { code: 'ERR_MIMDET_INVALID_ARGUMENT', message: /`source` but received a detached Uint8Array/ });
  await assert.rejects(resolveModel('nuclie'), {
    code: 'ERR_MIMDET_WEIGHTS',
    message: /no such file; did you mean "nuclei"\?/,
  });
  await assert.rejects(resolveModel('lib'), { code: 'ERR_MIMDET_WEIGHTS', message: /not a regular file/ });
  await assert.rejects(resolveModel('https://x/y.safetensors'), {
    code: 'ERR_MIMDET_INVALID_ARGUMENT',
    message: /never uses the network/,
  });
  await assert.rejects(resolveModel(7 as never), {
    code: 'ERR_MIMDET_INVALID_ARGUMENT',
    message: /`source` but received 7/,
  });
});

test('there is no detector without `load`', () => {
  assert.equal(typeof Detector.load, 'function');
  assert.throws(() => new (Detector as unknown as new () => Detector)());
});
