// Where the addon lies, and which LibTorch each one is built for. Before it: libtorch. After it: native.ts (opens it),
// setup (makes it).

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MimdetError } from './errors.js';
import { homeFolders, isCheckout, packageRoot } from './folders.js';
import type { Libtorch } from './libtorch.js';

/** An addon file with what the JSON file of the same name beside it says. */
export interface AddonFile extends AddonDescription {
  file: string;
}

export interface AddonDescription {
  libtorch: string; // the version that it is built for, '2.13.0'
  sources: string; // a hash of the native sources, the same as the shipped addon's where both are of one release
}

/** The folder for the addon that comes with the package, and that a checkout builds. */
export const shippedAddonFolder = join(packageRoot, 'dist');

/** The folder below a home folder for the addon that `mimdet setup` builds: one for each version of LibTorch. */
export function builtAddonFolder(home: string, libtorch: string): string {
  return join(home, `addon-libtorch-${libtorch}`);
}

/**
 * The file of the addon built for this LibTorch: one that setup built goes before the one that came with the package,
 * which then did not load.
 * Throws ERR_MIMDET_DEVICE naming both versions, and the command that builds it, where there is none.
 */
export function findAddon(libtorch: Libtorch): string {
  const shipped = readAddon(shippedAddonFolder);
  const built = isCheckout ? [] : homeFolders().map((home) => readAddon(builtAddonFolder(home, libtorch.version)));
  const fits = [...built, shipped].find((addon) => addon?.libtorch === libtorch.version && addon.sources === shipped?.sources);
  if (fits) return fits.file;
  const received = shipped ? `one built for LibTorch ${shipped.libtorch}` : 'none';
  throw new MimdetError(
    'ERR_MIMDET_DEVICE',
    `Expected an addon built for LibTorch ${libtorch.version} (in '${libtorch.folder}') for \`mimdet.node\` ` +
      `but received ${received}. \`${isCheckout ? 'npm run build' : 'npx mimdet setup'}\` builds it`,
  );
}

/** The addon in a folder, null where there is none. */
export function readAddon(folder: string): AddonFile | null {
  const file = join(folder, 'mimdet.node');
  const description = join(folder, 'mimdet.json');
  if (!existsSync(file) || !existsSync(description)) return null;
  return { file, ...(JSON.parse(readFileSync(description, 'utf8')) as AddonDescription) };
}
