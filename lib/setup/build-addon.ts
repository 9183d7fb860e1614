// Builds the native code with cmake-js: configures where something changed, builds what is stale, puts the addon where
// it is found.
// Before it: install-libtorch. After it: addon-file.ts finds the addon.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { readAddon, shippedAddonFolder, type AddonDescription } from '../addon-file.js';
import { MimdetError } from '../errors.js';
import { isCheckout, packageRoot } from '../folders.js';
import type { Libtorch } from '../libtorch.js';
import { pluginName } from './cuda-plugin.js';
import { exclusively } from './exclusive.js';
import { lastLines, runProgram, type ProgramResult, type Watch } from './run-program.js';

export interface BuildOptions {
  libtorch: Libtorch;
  out: string; // the build folder, kept between builds
  tests: boolean; // the C++ tests and the parity program too
  report: (line: string) => void;
  echo?: ((text: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

const require = createRequire(import.meta.url);

/**
 * Builds into `out` and returns the path of the addon there. Throws ERR_MIMDET_DEVICE with what failed; all output is in
 * `out`/build.log.
 */
export async function buildNative(options: BuildOptions): Promise<string> {
  const waiting = (): void => options.report(`Waiting for another build in ${options.out}`);
  return exclusively(`build ${options.out}`, waiting, async () => {
    await mkdir(options.out, { recursive: true });
    await configure(options);
    const jobs = ['--parallel', String(parallelJobs())];
    const { status, output } = await cmakeJs(['build', ...folders(options), ...jobs], options);
    writeLog(options, output);
    if (status !== 0) throw buildFailed('build', output, options);
    return builtFile(options.out);
  }, options.signal);
}

/**
 * Copies a built addon, and the kernels for CUDA where the build made them, into `folder` without the path of their LibTorch, and
 * describes the addon. Does nothing where that is done already.
 */
export async function publishAddon(built: string, folder: string, libtorch: Libtorch): Promise<void> {
  const description: AddonDescription = { libtorch: libtorch.version, sources: sourcesHash() };
  const json = JSON.stringify(description);
  await mkdir(folder, { recursive: true });
  const plugin = join(dirname(built), pluginName);
  if (existsSync(plugin)) await publishLibrary(plugin, join(folder, pluginName));
  else await rm(join(folder, pluginName), { force: true }); // of an earlier build
  await publishLibrary(built, join(folder, 'mimdet.node'));
  if (readIfThere(join(folder, 'mimdet.json')) !== json) await writeFile(join(folder, 'mimdet.json'), json);
}

async function publishLibrary(built: string, file: string): Promise<void> {
  if (isOfSameTime(file, built)) return;
  const fresh = `${file}.${process.pid}`;
  await copyFile(built, fresh);
  await must('cmake', [`-DADDON=${fresh}`, '-P', join(packageRoot, 'cmake', 'strip-addon.cmake')]);
  await must('strip', ['--strip-unneeded', fresh]);
  await utimes(fresh, statSync(built).atime, statSync(built).mtime); // tells the next call that it is the same
  await rename(fresh, file); // never half-written, and a process that has the old one open keeps it
}

/** An installed package has the sources of the addon that came with it. */
function sourcesHash(): string {
  const shipped = isCheckout ? null : readAddon(shippedAddonFolder);
  if (shipped) return shipped.sources;
  const names = readdirSync(join(packageRoot, 'native'), { recursive: true, encoding: 'utf8' }).sort();
  const files = ['CMakeLists.txt', ...names.map((name) => join('native', name))].map((name) => join(packageRoot, name));
  const hash = createHash('sha256');
  for (const file of files) if (statSync(file).isFile()) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** cmake-js' own `build` does not see changed -D values, so its arguments are kept and compared here. */
async function configure(options: BuildOptions): Promise<void> {
  const args = ['configure', ...folders(options), ...definitions(options)];
  const stamp = join(options.out, 'configured.json');
  const wish = JSON.stringify({ args, node: process.version, libtorch: options.libtorch.version });
  if (readIfThere(stamp) === wish && existsSync(join(options.out, 'CMakeCache.txt'))) return;
  await checkTools();
  let result = await cmakeJs(args, options);
  if (result.status !== 0 && /generator|CMakeCache\.txt directory/.test(result.output)) {
    await rm(options.out, { recursive: true, force: true }); // made by another generator, or moved from another place
    await mkdir(options.out, { recursive: true });
    result = await cmakeJs(args, options);
  }
  writeLog(options, result.output);
  if (result.status !== 0) throw buildFailed('configuration', result.output, options);
  writeFileSync(stamp, wish);
}

function folders({ out }: BuildOptions): string[] {
  return ['--directory', packageRoot, '--out', out];
}

function definitions({ libtorch, tests }: BuildOptions): string[] {
  const simdjson = join(dirname(require.resolve('@nozbe/simdjson/package.json')), 'src');
  return [
    `--CDMIMDET_LIBTORCH=${libtorch.folder}`,
    `--CDMIMDET_SIMDJSON=${simdjson}`,
    `--CDMIMDET_TESTS=${tests ? 'ON' : 'OFF'}`,
  ];
}

function cmakeJs(args: string[], { echo, signal }: Watch): Promise<ProgramResult> {
  const program = join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  return runProgram(process.execPath, [program, ...args], { cwd: packageRoot, echo, signal });
}

/** One compiler takes up to 1.5 GB. */
function parallelJobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 1.5e9)));
}

async function checkTools(): Promise<void> {
  const compiler = process.env.CXX ?? 'c++';
  for (const tool of ['cmake', compiler]) {
    const { status } = await runProgram(tool, ['--version']);
    if (status === 0) continue;
    throw new MimdetError(
      'ERR_MIMDET_DEVICE',
      `Expected ${tool} on the PATH for building the addon but received none. ` +
        "`apt-get install g++ make cmake` (or your system's like) brings it",
    );
  }
}

async function must(command: string, args: string[]): Promise<void> {
  const { status, output } = await runProgram(command, args);
  if (status !== 0)
    throw new MimdetError(
      'ERR_MIMDET_DEVICE',
      `Expected \`${command}\` to succeed for building the addon but received: ${lastLines(output)}`,
    );
}

function buildFailed(step: string, output: string, { out, report }: BuildOptions): MimdetError {
  report(lastLines(output, 60));
  return new MimdetError(
    'ERR_MIMDET_DEVICE',
    `Expected the addon's ${step} to succeed but received the errors in ${join(out, 'build.log')}`,
  );
}

function writeLog({ out }: BuildOptions, output: string): void {
  writeFileSync(join(out, 'build.log'), output);
}

function builtFile(out: string): string {
  const file = [join(out, 'Release', 'mimdet.node'), join(out, 'mimdet.node')].find((path) => existsSync(path));
  if (!file) throw new MimdetError('ERR_MIMDET_INTERNAL', `Expected the build to make mimdet.node but received none in ${out}`);
  return file;
}

function isOfSameTime(file: string, other: string): boolean {
  return existsSync(file) && Math.abs(statSync(file).mtimeMs - statSync(other).mtimeMs) < 1;
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
