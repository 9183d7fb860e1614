// Sees to it that an addon is there that runs with the LibTorch that was found: builds one where the one that came does not fit.
// Before it: install-libtorch, probe-addon. After it: `mimdet setup` is done.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { builtAddonFolder, shippedAddonFolder } from '../addon-file.js';
import { MimdetError } from '../errors.js';
import { homeFolders, isCheckout, packageRoot, writableHome } from '../folders.js';
import type { Libtorch } from '../libtorch.js';
import { buildNative, publishAddon, type BuildOptions } from './build-addon.js';
import { probeAddon } from './probe-addon.js';

/** `rebuild`: also where the one that is there fits. Throws ERR_MIMDET_DEVICE where it cannot be built or does not load. */
export async function ensureAddon(
  libtorch: Libtorch,
  rebuild: boolean,
  { report, echo, signal }: Pick<BuildOptions, 'report' | 'echo' | 'signal'>,
): Promise<void> {
  if (!rebuild && (await probeAddon()).addon) return;
  report(`Building the addon for LibTorch ${libtorch.version}: some minutes`);
  const { out, folder } = buildFolders(libtorch.version);
  const built = await buildNative({ libtorch, out, tests: isCheckout, report, echo, signal });
  await publishAddon(built, folder, libtorch);
  if (!isCheckout) await rm(out, { recursive: true, force: true });
  const { fault } = await probeAddon();
  if (fault) throw new MimdetError('ERR_MIMDET_DEVICE', fault);
}

/** A checkout builds for itself, an installed package into the home folder. */
function buildFolders(version: string): { out: string; folder: string } {
  if (isCheckout) return { out: join(packageRoot, 'out', 'native'), folder: shippedAddonFolder };
  const home = writableHome();
  if (!home)
    throw new MimdetError(
      'ERR_MIMDET_DEVICE',
      `Expected a folder to write to for \`MIMDET_HOME\` but received ${homeFolders().join(' and ')}`,
    );
  return { out: join(home, 'build'), folder: builtAddonFolder(home, version) };
}
