// Where this package lies and where it may put things. Before it: nothing. After it: libtorch, addon-file, setup.

import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package: of the checkout, or of `node_modules/mimdet`. */
export const packageRoot = resolve(fileURLToPath(new URL('..', import.meta.url)));

export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}

/** A checkout builds into its own dist/; an installed package is never written to. */
export const isCheckout = existsSync(join(packageRoot, 'scripts', 'build.mjs'));

/** Folders where `mimdet setup` may have put things, first choice first. `MIMDET_HOME` replaces them all. */
export function homeFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  if (env.MIMDET_HOME) return [resolve(env.MIMDET_HOME)];
  return [join(projectModules(), '.cache', 'mimdet'), join(userCache(env), 'mimdet')];
}

/** The first of the home folders that can be written to, made if need be; null where there is none. */
export function writableHome(env: NodeJS.ProcessEnv = process.env): string | null {
  return homeFolders(env).find(canWrite) ?? null;
}

function canWrite(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** node_modules of the project that uses the package. pnpm keeps packages in node_modules/.pnpm/<name>/node_modules. */
function projectModules(): string {
  const parent = dirname(packageRoot);
  if (basename(parent) !== 'node_modules') return join(packageRoot, 'node_modules');
  const pnpm = parent.indexOf('/node_modules/.pnpm/');
  return pnpm < 0 ? parent : join(parent.slice(0, pnpm), 'node_modules');
}

function userCache(env: NodeJS.ProcessEnv): string {
  return env.XDG_CACHE_HOME || join(homedir(), '.cache');
}
