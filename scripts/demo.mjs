// npm run demo: builds what is missing, then finds cell nuclei on the pictures in examples/pictures with the weights in models/,
// prints a table of what was found, and draws each picture into demo-output/. Uses a GPU where there is one.

import { rmSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { fail, note, root, run } from './steps.mjs';

async function demo() {
  await build();
  rmSync(join(root, 'demo-output'), { recursive: true, force: true });
  const args = [
    'detect',
    'examples/pictures',
    '--weights',
    'nuclei',
    '--score-threshold',
    '0.5',
    '--format',
    'table',
    '--draw',
    'demo-output',
    '--draw-scale',
    '3',
  ];
  const { status } = await run(process.execPath, ['dist/cli/main.js', ...args]);
  if (status !== 0) throw new Error(`\`mimdet ${args.join(' ')}\` failed with status ${status}`);
  const drawn = readdirSync(join(root, 'demo-output'))
    .filter((name) => name.endsWith('.png'))
    .sort();
  note(`\nDrawn: ${drawn.map((name) => `demo-output/${name}`).join(', ')}`);
}

demo().catch(fail);
