// The kernels for CUDA: a library beside the addon, made where the build found an nvcc. Before it: build-addon puts it there. After it:
// the addon opens it where there is a GPU (native/inference/device), `mimdet doctor` tells of it.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findAddon } from '../addon-file.js';
import { findLibtorch } from '../libtorch.js';

export const pluginName = 'mimdet_cuda.so';

/** The plugin of the addon that would be loaded, null where it was built without one, or where there is no addon. */
export function findPlugin(): string | null {
  try {
    const file = join(dirname(findAddon(findLibtorch())), pluginName);
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}
