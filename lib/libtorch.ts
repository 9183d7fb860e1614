// The one module that decides which LibTorch is used. Nothing is guessed: places are looked at in a fixed order, each
// gets a verdict.
// Before it: folders, platform. After it: native.ts (loads the addon with it), `mimdet setup`, `mimdet doctor`, the build.

import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { MimdetError } from './errors.js';
import { homeFolders } from './folders.js';
import { inspectLibtorch, testedVersions, type Libtorch } from './libtorch-inspect.js';
import { checkPlatform } from './platform.js';

export type { Libtorch } from './libtorch-inspect.js';

export type Origin = 'option' | 'MIMDET_LIBTORCH' | 'LIBTORCH' | 'setup' | 'python' | 'system';

/** One place that was looked at. `libtorch` is there where it fits, else `verdict` says why not. */
export interface LibtorchPlace {
  origin: Origin;
  folder: string | null; // null: there is no such place, e.g. the variable is not set
  libtorch: Libtorch | null;
  verdict: string;
}

export interface FindOptions {
  /** A folder given by the caller: the only one that is looked at. */
  libtorch?: string | undefined;
  env?: NodeJS.ProcessEnv;
}

const systemFolders = ['/opt/libtorch', '/usr/local/libtorch', '/usr/lib/libtorch', '/usr/local', '/usr'];

/**
 * The LibTorch to use. Throws ERR_MIMDET_DEVICE where the platform is not served, where a place that was named
 * (by `libtorch`, MIMDET_LIBTORCH or LIBTORCH) does not fit, and where no place fits.
 */
export function findLibtorch(options: FindOptions = {}): Libtorch {
  checkPlatform();
  const seen: LibtorchPlace[] = [];
  for (const place of libtorchPlaces(options)) {
    if (place.libtorch) return place.libtorch;
    if (place.folder !== null && isExplicit(place.origin)) throw wrongPlace(place);
    seen.push(place);
  }
  throw nothingFits(seen);
}

/**
 * The places in the order in which `findLibtorch` looks, each inspected when it is asked for. `findLibtorch` takes the
 * first that fits.
 */
export function* libtorchPlaces({ libtorch, env = process.env }: FindOptions = {}): Generator<LibtorchPlace> {
  if (libtorch !== undefined) {
    yield look('option', resolve(libtorch));
    return;
  }
  for (const origin of ['MIMDET_LIBTORCH', 'LIBTORCH'] as const) {
    yield env[origin] ? look(origin, resolve(env[origin])) : nowhere(origin, 'is not set');
  }
  for (const home of homeFolders(env)) yield look('setup', join(home, 'libtorch'));
  const python = pythonTorch(env);
  yield python.folder ? look('python', python.folder) : nowhere('python', python.verdict);
  for (const folder of systemFolders) yield look('system', folder);
}

function look(origin: Origin, folder: string): LibtorchPlace {
  const { libtorch, fault } = inspectLibtorch(folder);
  return { origin, folder, libtorch, verdict: libtorch ? `LibTorch ${libtorch.version} (${libtorch.flavour})` : fault! };
}

function nowhere(origin: Origin, verdict: string): LibtorchPlace {
  return { origin, folder: null, libtorch: null, verdict };
}

/** Whether a person named the place: then it is used or the matter of an error, never passed over. */
export function isExplicit(origin: Origin): boolean {
  return origin === 'option' || origin === 'MIMDET_LIBTORCH' || origin === 'LIBTORCH';
}

/**
 * Asks Python where its torch is, without importing it. Only Python knows: the one on the PATH may be a shim of a version
 * manager.
 */
function pythonTorch(env: NodeJS.ProcessEnv): { folder: string | null; verdict: string } {
  // The current folder is left out of the search, so that a folder named torch that happens to lie there is not taken.
  const script =
    'import sys, importlib.util as u; sys.path = [p for p in sys.path if p]; s = u.find_spec("torch"); ' +
    'print(s.submodule_search_locations[0] if s and s.submodule_search_locations else "")';
  const answer = spawnSync('python3', ['-c', script], {
    env,
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (answer.error || answer.status !== 0) return { folder: null, verdict: 'there is no python3 that answers' };
  const folder = answer.stdout.trim();
  return folder ? { folder, verdict: '' } : { folder: null, verdict: 'has no torch' };
}

function wrongPlace({ origin, folder, verdict }: LibtorchPlace): MimdetError {
  const name = origin === 'option' ? 'libtorch' : origin;
  return new MimdetError(
    'ERR_MIMDET_DEVICE',
    `Expected a folder of a LibTorch ${range()} for \`${name}\` but received '${folder}', which ${verdict}`,
  );
}

function nothingFits(seen: LibtorchPlace[]): MimdetError {
  const unfit = seen.filter((place) => place.folder && !/^(is no folder|has no lib\/)/.test(place.verdict));
  const received = unfit.length
    ? unfit.map((place) => `'${place.folder}', which ${place.verdict}`).join(', ')
    : 'none on this machine';
  return new MimdetError(
    'ERR_MIMDET_DEVICE',
    `Expected LibTorch ${range()} for \`libtorch\` but received ${received}. ` +
      '`npx mimdet setup` installs it, `npx mimdet doctor` shows where it was looked for',
  );
}

function range(): string {
  return `${testedVersions.oldest} to ${testedVersions.newest}`;
}
