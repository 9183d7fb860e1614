// `mimdet setup`: LibTorch where none fits, the addon where the one that came does not. Quick and quiet when both are there.
// Before it: main. After it: Detector.load works.

import { buildProgress } from '../setup/build-progress.js';
import { ensureAddon } from '../setup/ensure-addon.js';
import { ensureLibtorch } from '../setup/install-libtorch.js';
import { defineCommand } from './command.js';
import { wrongUsage } from './exit.js';
import { flags, quiet } from './flags.js';

interface Args {
  cpu?: boolean;
  cuda?: boolean;
  archive?: string;
  rebuild: boolean;
  verbose: boolean;
  quiet: boolean;
}

function flavourOf({ cpu, cuda, archive }: Args): 'cpu' | 'cuda' | undefined {
  const given = [cpu && '--cpu', cuda && '--cuda', archive !== undefined && '--archive'].filter(Boolean);
  if (given.length > 1)
    throw wrongUsage(`Expected one of \`--cpu\`, \`--cuda\` and \`--archive\` but received ${given.join(' and ')}`);
  return cuda ? 'cuda' : cpu ? 'cpu' : undefined;
}

async function run(_: string[], args: Args, signal: AbortSignal): Promise<number> {
  const flavour = flavourOf(args);
  const say = (text: string): boolean => process.stderr.write(text);
  const report = (line: string): unknown => !args.quiet && say(`${line}\n`);
  const verbose = args.verbose ? say : undefined;
  const libtorch = await ensureLibtorch({ flavour, archive: args.archive, report, echo: verbose, signal });
  const { echo, end } = buildProgress('Compiling');
  signal.throwIfAborted();
  await ensureAddon(libtorch, args.rebuild, { report, echo: verbose ?? (args.quiet ? undefined : echo), signal }).finally(end);
  signal.throwIfAborted();
  report(`LibTorch ${libtorch.version} (${libtorch.flavour}) in ${libtorch.folder}, and an addon that fits`);
  return 0;
}

export const setup = defineCommand<Args>({
  name: 'setup',
  operands: '',
  count: { min: 0, max: 0 },
  summary: 'install LibTorch, and build the addon where it does not fit',
  details:
    'LibTorch comes by pip, or from an archive, and goes below MIMDET_HOME\n' +
    '(default: node_modules/.cache/mimdet of the project).\n' +
    'Without --cpu, --cuda and --archive any LibTorch that is found will do; `mimdet doctor` shows where it is looked for.',
  options: {
    cpu: { type: 'boolean', describe: 'LibTorch for the CPU (the default where there is no GPU)' },
    cuda: { type: 'boolean', describe: 'LibTorch with CUDA: several gigabytes' },
    archive: flags.text('unpack this archive of LibTorch (a path or URL of a zip, tar or wheel) instead of asking pip'),
    rebuild: { type: 'boolean', default: false, describe: 'build the addon even where the one that is there fits' },
    verbose: { type: 'boolean', default: false, describe: 'show what pip and the compiler say' },
    quiet: { ...quiet, describe: 'say nothing but errors' },
  },
  examples: [
    ['mimdet setup', 'install what is missing'],
    ['mimdet setup --archive libtorch-shared-with-deps-2.13.0+cpu.zip', 'on a machine without network or Python'],
  ],
  run,
});
