// npm run build: all set-up of a checkout, quick and quiet when that is done. Needs Node alone to start, and each step
// feeds the next:
// npm packages → TypeScript (dist/) → LibTorch → native code (out/native) → the addon beside the compiled TypeScript.
// `--no-native` leaves the last three out.

import { existsSync } from 'node:fs';
import { installPackages } from './npm-packages.mjs';
import { fail, note, root } from './steps.mjs';
import { compileTypeScript } from './typescript.mjs';

export async function build({ native = true } = {}) {
  checkNode();
  await installPackages();
  const typesHold = await compileTypeScript();
  if (native) await buildAddon();
  if (!typesHold) throw new Error('TypeScript found errors (above)');
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`Expected Node 20.19 or newer but received ${process.versions.node}`);
}

async function buildAddon() {
  const { ensureLibtorch } = await import('../dist/setup/install-libtorch.js');
  const { buildNative, publishAddon } = await import('../dist/setup/build-addon.js');
  const { buildProgress } = await import('../dist/setup/build-progress.js');
  const libtorch = await ensureLibtorch({ report: note });
  const { echo, end } = buildProgress(`Building the native code for LibTorch ${libtorch.version}`);
  const addon = await buildNative({ libtorch, out: `${root}/out/native`, tests: true, report: note, echo }).finally(end);
  await publishAddon(addon, `${root}/dist`, libtorch);
  if (!existsSync(`${root}/dist/mimdet_cuda.so`)) note('The kernels for CUDA were left out: there is no nvcc that works');
}

if (process.argv[1] === `${root}/scripts/build.mjs`) {
  build({ native: !process.argv.includes('--no-native') }).catch(fail);
}
