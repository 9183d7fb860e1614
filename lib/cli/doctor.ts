// `mimdet doctor`: what this machine has, where LibTorch was looked for and with what verdict, and what to do.
// Before it: main. After it: a person who follows the advice. Exit status 3 where something is missing that `detect` needs.

import { examine, type Examination } from '../setup/examine.js';
import { defineCommand } from './command.js';
import { writeOut } from './output.js';
import { paintFor, pairs, printable, table, type Paint } from './terminal.js';

interface Args {
  json: boolean;
}

async function run(_: string[], { json }: Args): Promise<number> {
  const found = await examine();
  await writeOut(json ? `${JSON.stringify(found, null, 2)}\n` : page(found, paintFor(process.stdout)));
  return found.ok ? 0 : 3;
}

function page(found: Examination, paint: Paint): string {
  const { platform, tools, addon } = found;
  const or = (text: string | null): string => text ?? paint('yellow', 'none');
  const machine = pairs(
    [
      ['mimdet', found.mimdet],
      ['node', found.node],
      ['platform', `${platform.system} on ${platform.processor}, ${platform.glibc ? `glibc ${platform.glibc}` : 'no glibc'}`],
      ['compiler', or(tools.compiler)],
      ['cmake', or(tools.cmake)],
      ['python', or(tools.python)],
      ['pip', or(tools.pip)],
    ],
    paint,
  );
  const native = pairs(
    [
      [
        'addon',
        addon.builtFor ? `built for LibTorch ${addon.builtFor}, runs with ${addon.runsWith}` : paint('red', 'does not load'),
      ],
      ['devices', addon.devices.join(', ') || '-'],
      ['processor', addon.cpuCapability ?? '-'],
      ['CUDA kernels', cudaKernels(found)],
    ],
    paint,
  );
  return `${machine}\n${places(found, paint)}\n${native}\n${verdict(found, paint)}`;
}

/** Without a GPU it is not known whether they would run. */
function cudaKernels({ cudaKernels, addon }: Examination): string {
  if (!addon.devices.some((device) => device.startsWith('cuda'))) return cudaKernels ? 'built' : 'not built';
  return addon.cudaKernelsProblem ? `not used, LibTorch's operators are: ${addon.cudaKernelsProblem}` : 'used';
}

function places({ libtorch }: Examination, paint: Paint): string {
  const rows = libtorch.places.map(({ origin, folder, verdict }) => [
    folder !== null && folder === libtorch.used ? '→' : '',
    origin,
    folder === null ? '-' : printable(folder),
    verdict,
  ]);
  return table([{ title: '' }, { title: 'LibTorch' }, { title: 'looked at' }, { title: 'verdict' }], rows, paint);
}

function verdict({ ok, advice }: Examination, paint: Paint): string {
  const lines = advice.map((line) => `  ${line}\n`).join('');
  return ok ? `${paint('green', 'Everything is there.')}\n${lines}` : `${paint('red', 'Something is missing:')}\n${lines}`;
}

export const doctor = defineCommand<Args>({
  name: 'doctor',
  operands: '',
  count: { min: 0, max: 0 },
  summary: 'show what this machine has and lacks',
  options: { json: { type: 'boolean', default: false, describe: 'as JSON' } },
  examples: [['mimdet doctor', 'where LibTorch was looked for, and what to do']],
  run,
});
