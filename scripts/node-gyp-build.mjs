// What `npx node-gyp rebuild` runs (binding.gyp): the same CMake build as everything else, in a checkout and in an
// installed package.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const build = fromRoot('scripts/build.mjs');
const command = existsSync(build) ? [build] : [fromRoot('dist/cli/main.js'), 'setup', '--rebuild'];
process.exitCode = spawnSync(process.execPath, command, { stdio: 'inherit' }).status ?? 1;
