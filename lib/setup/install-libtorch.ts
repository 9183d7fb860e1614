// Puts a LibTorch into the home folder. A half-done one is never found: all happens in a folder beside, a rename publishes it.
// Before it: `mimdet setup`, npm run build. After it: libtorch.ts finds `<home>/libtorch`.

import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { MimdetError } from '../errors.js';
import { homeFolders, writableHome } from '../folders.js';
import { findLibtorch, isExplicit, libtorchPlaces, type Libtorch } from '../libtorch.js';
import { inspectLibtorch } from '../libtorch-inspect.js';
import { checkPlatform } from '../platform.js';
import { download, unpackLibtorch } from './archive.js';
import { exclusively } from './exclusive.js';
import { downloadCpuWheel, installCudaTorch } from './pip.js';
import type { Watch } from './run-program.js';

export interface InstallOptions {
  /** What to install; without it any LibTorch that is found will do, and 'cpu' is installed where there is no GPU. */
  flavour?: 'cpu' | 'cuda' | undefined;
  /** A path or URL of an archive to unpack instead of asking pip. */
  archive?: string | undefined;
  /** Is given one line for each thing that is done. Nothing is said where nothing is done. */
  report: (line: string) => void;
  /** Is given the output of pip as it comes. */
  echo?: ((text: string) => void) | undefined;
  /** Stops it; nothing that is half done stays. */
  signal?: AbortSignal | undefined;
}

/** The LibTorch that will be used, installed first where none fits or another was asked for. Errors as of `findLibtorch`. */
export async function ensureLibtorch(options: InstallOptions): Promise<Libtorch> {
  checkPlatform();
  if (!options.archive) {
    const present = presentLibtorch(options.flavour);
    if (present) return present;
  }
  const home = writableHome();
  if (!home) {
    throw new MimdetError(
      'ERR_MIMDET_DEVICE',
      `Expected a folder to write to for \`MIMDET_HOME\` but received ${homeFolders().join(' and ')}`,
    );
  }
  const waiting = (): void => options.report(`Waiting for another setup that works in ${home}`);
  return exclusively(`setup ${resolve(home)}`, waiting, async () => {
    const meanwhile = options.archive ? null : presentLibtorch(options.flavour); // the other setup may have done it
    return meanwhile ?? install(home, options);
  }, options.signal);
}

/**
 * A place that was named always decides, and throws where it is wrong. Where a flavour was asked for, only what setup
 * installed counts beside it.
 */
function presentLibtorch(flavour: InstallOptions['flavour']): Libtorch | null {
  for (const { origin, folder, libtorch } of libtorchPlaces()) {
    if (folder && isExplicit(origin)) return findLibtorch();
    if (libtorch && (!flavour || (origin === 'setup' && libtorch.flavour === flavour))) return libtorch;
  }
  return null;
}

async function install(home: string, options: InstallOptions): Promise<Libtorch> {
  const work = join(home, `.partial-${process.pid}-${Date.now()}`);
  await removePartials(home);
  await mkdir(work, { recursive: true });
  try {
    const folder = await fill(work, options);
    const { libtorch, fault } = inspectLibtorch(folder);
    if (!libtorch)
      throw new MimdetError('ERR_MIMDET_DEVICE', `Expected a LibTorch for \`mimdet setup\` but received one that ${fault}`);
    return await publish(home, work, folder, libtorch);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Fills `work`/content and returns the folder of the LibTorch in it. */
async function fill(work: string, { flavour, archive, report, ...watch }: InstallOptions): Promise<string> {
  const content = join(work, 'content');
  if (archive) {
    report(`Unpacking LibTorch from ${archive}`);
    const isUrl = /^https?:/.test(archive);
    const file = isUrl ? join(work, 'archive') : archive;
    if (isUrl) await download(archive, file, watch.signal);
    await unpackLibtorch(file, content, watch.signal);
    return content;
  }
  if ((flavour ?? defaultFlavour()) === 'cuda' && (await installCuda(content, flavour === 'cuda', report, watch)))
    return join(content, 'torch');
  report('Installing LibTorch for the CPU by pip (about 200 MB)');
  await unpackLibtorch(await downloadCpuWheel(work, watch), content, watch.signal);
  return content;
}

/** False where CUDA was only the default, and could not be had: the CPU serves as well. */
async function installCuda(
  content: string,
  asked: boolean,
  report: InstallOptions['report'],
  watch: Watch,
): Promise<boolean> {
  report('Installing LibTorch with CUDA by pip (several gigabytes; `mimdet setup --cpu` is smaller)');
  try {
    await installCudaTorch(content, watch);
    return true;
  } catch (error) {
    if (asked || watch.signal?.aborted) throw error;
    report(`Without CUDA, then: ${(error as Error).message}`);
    await rm(content, { recursive: true, force: true });
    return false;
  }
}

/** Moves the content to its lasting name and points `<home>/libtorch` at it; both steps are atomic. */
async function publish(home: string, work: string, folder: string, { version, flavour }: Libtorch): Promise<Libtorch> {
  const name = `libtorch-${version}-${flavour}`;
  const lasting = join(home, name);
  if (existsSync(lasting)) await rename(lasting, join(work, 'replaced'));
  await rename(join(work, 'content'), lasting);
  const link = join(work, 'link');
  await symlink(folder === join(work, 'content') ? name : join(name, basename(folder)), link);
  await rename(link, join(home, 'libtorch'));
  return inspectLibtorch(join(home, 'libtorch')).libtorch!;
}

/** What a setup that was killed left behind; the lock is held, so nobody works there. */
async function removePartials(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith('.partial-')) await rm(join(home, name), { recursive: true, force: true });
  }
}

/** CUDA where the driver shows a GPU. */
function defaultFlavour(): 'cpu' | 'cuda' {
  const gpus = '/proc/driver/nvidia/gpus';
  return existsSync('/dev/nvidia0') || (existsSync(gpus) && readdirSync(gpus).length > 0) ? 'cuda' : 'cpu';
}
