// npm test: builds, then runs every check of the project, and closes with a summary. `npm test -- cli parity` runs only
// those of that name.
// A check's output is shown where it fails; the whole of each lies in out/test/<name>.log.

import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { fail, must, note, root, run } from './steps.mjs';

const pictures = join(root, 'out', 'test', 'pictures');
const golden = [join(root, '..', 'shared', 'golden'), join(root, 'test', 'golden')].find((folder) => existsSync(folder));
const minutes = (count) => count * 60_000;

const checks = [
  {
    name: 'native',
    needs: decodePictures,
    commands: () => [[join(root, 'out/native/test/native/mimdet_tests')]],
    limit: minutes(15),
  },
  { name: 'parity', needs: decodePictures, commands: parityCommands, limit: minutes(15) },
  { name: 'api', commands: () => nodeTests('test/api'), limit: minutes(20) },
  { name: 'cli', commands: () => nodeTests('test/cli'), limit: minutes(20) },
  { name: 'setup', commands: () => nodeTests('test/setup'), limit: minutes(5) },
  { name: 'stress', commands: () => nodeTests('test/stress'), limit: minutes(20) },
  { name: 'package', commands: () => nodeTests('test/package'), limit: minutes(10) },
  { name: 'types', commands: () => [[process.execPath, 'scripts/lint.mjs', 'types']], limit: minutes(5) },
  { name: 'lint', commands: () => [[process.execPath, 'scripts/lint.mjs', 'eslint', 'walls']], limit: minutes(10) },
];

async function test(wanted) {
  const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0)
    throw new Error(
      `Expected ${checks.map(({ name }) => name).join(', ')} for \`npm test -- CHECK…\` but received ${unknown[0]}`,
    );
  await timed('build', build);
  const results = [];
  for (const check of checks) if (wanted.length === 0 || wanted.includes(check.name)) results.push(await perform(check));
  summarise(results);
}

async function perform({ name, needs, commands, limit }) {
  return timed(name, async () => {
    await needs?.();
    const result = { name, ok: true, passed: 0, failed: 0, skipped: 0, output: '' };
    for (const [command, ...args] of commands()) {
      const { status, output } = await run(command, args, {
        quiet: true,
        limit,
        env: { ...process.env, MIMDET_TEST_PICTURES: pictures },
      });
      add(result, status, output);
    }
    keepLog(result);
    return result;
  });
}

/** A command that counts nothing counts as one; one that fails without a failed count has failed as a whole. */
function add(result, status, output) {
  const counts = countsIn(output) ?? { passed: status === 0 ? 1 : 0, failed: 0, skipped: 0 };
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  result.ok &&= status === 0;
  for (const key of ['passed', 'failed', 'skipped']) result[key] += counts[key];
  result.output += output;
}

/**
 * From the closing lines of the C++ tests ("3 passed, 0 failed, 0 skipped"), the parity program ("3 of 3 stations equal")
 * and node:test.
 */
function countsIn(output) {
  const native = output.match(/^(\d+) passed, (\d+) failed, (\d+) skipped$/m);
  if (native) return { passed: Number(native[1]), failed: Number(native[2]), skipped: Number(native[3]) };
  const parity = output.match(/^(\d+) of (\d+) stations equal/m);
  if (parity) return { passed: Number(parity[1]), failed: parity[2] - parity[1], skipped: 0 };
  const count = (word) => Number(output.match(new RegExp(`^[ℹ#] ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  if (!/^[ℹ#] tests \d+$/m.test(output)) return null;
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') + count('todo') };
}

function keepLog({ name, ok, output }) {
  mkdirSync(join(root, 'out', 'test'), { recursive: true });
  writeFileSync(join(root, 'out', 'test', `${name}.log`), output);
  if (!ok) note(output.trimEnd());
}

function summarise(results) {
  note('');
  for (const { name, ok, passed, failed, skipped, seconds } of results) {
    note(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(8)} ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

async function timed(name, work) {
  const start = performance.now();
  note(`${name} …`);
  const result = await work();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  note(`${name} took ${seconds} s`);
  return { ...result, seconds };
}

/**
 * The reference pictures as PPM, below one folder by the name of their own. Only once, and again where some changed. Of the folders that the
 * native tests and the parity program read; `images` holds files that are no pictures on purpose.
 */
async function decodePictures() {
  const folders = ['micro', 'resize'];
  const stamp = join(pictures, 'decoded');
  const newest = Math.max(...folders.flatMap((name) => filesBelow(join(golden, name))).map((file) => statSync(file).mtimeMs));
  if (existsSync(stamp) && statSync(stamp).mtimeMs > newest) return;
  rmSync(pictures, { recursive: true, force: true });
  for (const name of folders) {
    await must(process.execPath, ['--import', 'tsx', 'test/golden-pictures.ts', join(golden, name), join(pictures, name)]);
  }
  writeFileSync(stamp, '');
}

/**
 * Every folder of reference data that the parity program knows by its files. Of training one step: what ten steps come to hangs on the
 * processor's rounding too (`npm run parity` compares them).
 */
function parityCommands() {
  const program = join(root, 'out/native/test/parity/mimdet_parity');
  const folders = ['micro', 'optimizer', 'resize', 'resize/more', 'rle', 'rle/more'].filter((name) => existsSync(join(golden, name)));
  return folders.map((name) => [program, join(golden, name), '--one-step', '--pictures', join(pictures, name)]);
}

function nodeTests(folder) {
  const files = existsSync(join(root, folder)) ? filesBelow(join(root, folder)).filter((file) => /\.test\.ts$/.test(file)) : [];
  const paths = files.map((file) => relative(root, file)).sort();
  return paths.length === 0
    ? []
    : [[process.execPath, '--import', 'tsx', '--test', '--test-reporter=spec', '--test-timeout=600000', ...paths]];
}

function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

test(process.argv.slice(2)).catch(fail);
