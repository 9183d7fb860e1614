// npm run test:cuda: what only a GPU can show, in one go: builds, runs each operator on the device against its reference, compares whole
// detections with those of the CPU, and measures. On a machine that lacks something it says what, and ends with status 3.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { fail, note, root, run } from './steps.mjs';

const weights = join(root, 'models', 'nuclei.safetensors');
const pictures = join(root, 'examples', 'pictures');
const mimdet = join(root, 'dist', 'cli', 'main.js');

async function testCuda() {
  await build();
  const missing = await whatIsMissing();
  if (missing) {
    note(missing);
    process.exitCode = 3;
    return;
  }
  const results = [await operators(), await detections(), await bench()];
  if (results.includes(false)) process.exitCode = 1;
}

async function whatIsMissing() {
  if (!existsSync(join(root, 'dist', 'mimdet_cuda.so'))) return 'Missing: the kernels for CUDA, for which the build needs nvcc';
  const { Detector } = await import('../dist/index.js');
  try {
    await (await Detector.load(weights, { device: 'cuda', precision: 'float32' })).close();
    return null;
  } catch (error) {
    if (error.code !== 'ERR_MIMDET_DEVICE') throw error;
    return `Missing: ${error.message}`;
  }
}

async function operators() {
  note('operators on the device …');
  return (await run(join(root, 'out/native/test/native/mimdet_tests'), ['cuda '])).status === 0;
}

/** Boxes within 0.5 pixel, scores within 0.01, for the instances that lie clear of the threshold. */
async function detections() {
  note('detections on the device and on the CPU, float32 …');
  const { Detector } = await import('../dist/index.js');
  const [cpu, cuda] = await Promise.all(['cpu', 'cuda'].map((device) => Detector.load(weights, { device, precision: 'float32' })));
  let differences = 0;
  for (const name of readdirSync(pictures).filter((file) => file.endsWith('.png'))) {
    const [expected, found] = await Promise.all([cpu, cuda].map((detector) => detector.detect(join(pictures, name))));
    const lost = expected.instances.filter((one) => one.score > 0.3 && !found.instances.some((other) => isSame(one, other)));
    note(`  ${name}: ${expected.length} on the CPU, ${found.length} on the device, ${lost.length} without a match`);
    differences += lost.length;
  }
  await Promise.all([cpu.close(), cuda.close()]);
  return differences === 0;
}

function isSame(one, other) {
  const apart = ['x1', 'y1', 'x2', 'y2'].map((side) => Math.abs(one.box[side] - other.box[side]));
  return one.classId === other.classId && Math.abs(one.score - other.score) < 0.01 && Math.max(...apart) < 0.5;
}

async function bench() {
  note('bench …');
  const args = (precision) => [mimdet, 'bench', '--weights', weights, '--device', 'cuda', '--precision', precision, '--images', pictures];
  for (const precision of ['float32', 'bfloat16'])
    if ((await run(process.execPath, args(precision))).status !== 0) return false;
  return true;
}

testCuda().catch(fail);
