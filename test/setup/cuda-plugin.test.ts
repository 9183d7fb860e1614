// The kernels for CUDA open on any machine, with a GPU or without: nothing that they need at load is missing. Skipped where the build
// left them out.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { findLibtorch } from '../../lib/libtorch.js';
import { findPlugin } from '../../lib/setup/cuda-plugin.js';

const plugin = findPlugin();
const skip = plugin === null && 'built without nvcc';

/** Opens libraries one after the other, every symbol at once, in a process of its own; Node's complaint that they are no addon is the expected one. */
function open(...files: string[]): string {
  const script = `for (const file of ${JSON.stringify(files)})
    try { process.dlopen({ exports: {} }, file, require('node:os').constants.dlopen.RTLD_NOW); }
    catch (error) { if (!error.message.includes('self-register')) throw error; }
    console.log('open');`;
  return execFileSync(process.execPath, ['--eval', script], { encoding: 'utf8' }).trim();
}

test('the kernels for CUDA open after LibTorch, without a GPU or a driver', { skip }, () => {
  assert.equal(open(`${findLibtorch().folder}/lib/libtorch_cpu.so`, plugin!), 'open');
});

test('they need nothing of CUDA at load', { skip }, () => {
  const needed = execFileSync('readelf', ['--dynamic', plugin!], { encoding: 'utf8' }).match(/NEEDED.*/g) ?? [];
  assert.ok(needed.some((line) => line.includes('libtorch_cpu')));
  assert.deepEqual(needed.filter((line) => /cuda|nvidia/i.test(line)), []);
});
