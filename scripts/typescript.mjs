// The second step of a build: lib/ to dist/. The compiler takes seconds, so it runs only where a source is newer than
// its last run.

import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { note, root, run } from './steps.mjs';

/** Returns whether the types hold. JavaScript is written all the same, so that work can go on. */
export async function compileTypeScript() {
  const stamp = join(root, 'out', 'typescript', 'compiled');
  if (isFresh(stamp)) return true;
  rmSync(stamp, { force: true });
  const started = new Date();
  const { status, output } = await run('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { quiet: true });
  copyPages();
  removeLeftovers();
  makeRunnable(join(root, 'dist', 'cli', 'main.js'));
  if (status !== 0) {
    note(output.trimEnd());
    return false;
  }
  mkdirSync(join(root, 'out', 'typescript'), { recursive: true });
  writeFileSync(stamp, started.toISOString());
  return true;
}

function isFresh(stamp) {
  if (!existsSync(stamp)) return false;
  const compiled = statSync(stamp).mtimeMs;
  const sources = filesOf('lib').filter((file) => file.endsWith('.ts') || isPage(file));
  const isCompiled = (file) => existsSync(join(root, toDist(file)));
  const inputs = [...sources, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  return inputs.every((file) => statSync(join(root, file)).mtimeMs < compiled) && sources.every(isCompiled);
}

const isPage = (file) => /\.(html|css|js)$/.test(file);
const toDist = (file) => file.replace(/^lib\b/, 'dist').replace(/\.ts$/, '.js');

/** What browsers get stands in dist/ as it is in lib/. */
function copyPages() {
  for (const file of filesOf('lib').filter(isPage)) {
    mkdirSync(join(root, dirname(toDist(file))), { recursive: true });
    copyFileSync(join(root, file), join(root, toDist(file)));
  }
}

/** What was made of sources that are no more. */
function removeLeftovers() {
  for (const file of filesOf('dist')) {
    const original = file.replace(/^dist\b/, 'lib');
    const sources = [original, original.replace(/(\.d\.ts|\.js)$/, '.ts')];
    const isOurs = isPage(file) || file.endsWith('.d.ts');
    if (isOurs && !sources.some((source) => existsSync(join(root, source)))) rmSync(join(root, file));
  }
}

function makeRunnable(file) {
  if (existsSync(file)) chmodSync(file, 0o755);
}

function filesOf(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name));
}
