// The first step of a build: the npm packages of package-lock.json. Does nothing where they are there.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, note, root } from './steps.mjs';

export async function installPackages() {
  if (arePresent()) return;
  note('Installing the npm packages');
  // `npm ci` would empty node_modules, and the cache with LibTorch in it.
  const command = existsSync(join(root, 'node_modules')) ? 'install' : 'ci';
  await must('npm', [command, '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Whether what npm wrote down when it installed has every package of the lock file, in its version. */
function arePresent() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const there = packagesOf(installed);
  const wanted = Object.entries(packagesOf(join(root, 'package-lock.json')));
  return wanted.every(
    ([path, { version, optional }]) => path === '' || (optional && !there[path]) || there[path]?.version === version,
  );
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
