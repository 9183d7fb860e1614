// npm run clean: removes what a build makes. The npm packages and LibTorch (node_modules/) stay.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.mjs';

for (const folder of ['dist', 'out', 'demo-output']) rmSync(join(root, folder), { recursive: true, force: true });
