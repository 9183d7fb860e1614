// `mimdet convert`: a checkpoint of the reference, of detectron2 or of MAE becomes a .safetensors file for `Detector.load`
// (or training).
// Before it: weights from anywhere. After it: detect, info, train. The reading is native: nothing of a pickle is run.
import { readFile, realpath } from 'node:fs/promises';
import type { Options } from 'yargs';
import { MimdetError } from '../errors.js';
import { callNative, runNative } from '../native.js';
import { defineCommand } from './command.js';
import { wrongUsage } from './exit.js';
import { flags, quiet } from './flags.js';
import { writeOut } from './output.js';
import { pairs, paintFor, printable, shorten } from './terminal.js';

interface Args {
  config?: string;
  classes?: string;
  half: boolean;
  maeEncoderOnly: boolean;
  json: boolean;
  quiet: boolean;
}

/** What the addon answers. */
interface Converted {
  tensors: number;
  dropped: string[];
  preset: string;
  format: string;
}

const options: Record<string, Options> = {
  config: flags.text('base, large, tiny, or a JSON file with a configuration (default: found by the shapes)'),
  classes: flags.text('a file with the names of the classes: one a line, or a JSON array'),
  half: { type: 'boolean', default: false, describe: 'write float16: half the size' },
  'mae-encoder-only': {
    type: 'boolean',
    default: false,
    describe: 'take a MAE file without a decoder, which then starts from random weights',
  },
  json: { type: 'boolean', default: false, describe: 'say what was done as JSON' },
  quiet,
};

async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw wrongUsage(
      `Expected a file that can be read for \`${option}\` but received ${path} (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

/** The configuration's JSON text; '' lets the shapes decide. */
async function configText(given: string | undefined): Promise<string> {
  if (given === undefined) return '';
  if (['base', 'large', 'tiny'].includes(given)) return callNative((native) => native.presetConfig(given));
  const text = await readText(given, '--config');
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw wrongUsage(`Expected JSON for \`--config\` but received ${given} (${(error as Error).message})`);
  }
}

/** Names one a line, or a JSON array of them. */
export function parseClasses(text: string, path: string): string[] {
  let names: unknown = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
  if (text.trimStart().startsWith('[')) {
    try {
      names = JSON.parse(text);
    } catch (error) {
      throw wrongUsage(`Expected a JSON array of names for \`--classes\` but received ${path} (${(error as Error).message})`);
    }
  }
  const fits = Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string' && name !== '');
  if (!fits)
    throw wrongUsage(`Expected at least one name a line, or a JSON array of names, for \`--classes\` but received ${path}`);
  return names as string[];
}

/** The output's ending is asked for, so that two swapped names do not overwrite the checkpoint. */
async function checkPaths(input: string, output: string): Promise<void> {
  if (!/\.safetensors$/i.test(output))
    throw wrongUsage(`Expected a name ending in .safetensors for \`OUT\` but received ${output}`);
  const [from, to] = await Promise.all([input, output].map((path) => realpath(path).catch(() => undefined)));
  if (from === undefined)
    throw new MimdetError('ERR_MIMDET_WEIGHTS', `Expected a file for \`IN\` but received ${input}, which does not exist`);
  if (from === to) throw wrongUsage(`Expected another file than \`IN\` for \`OUT\` but received ${output}`);
}

function report(converted: Converted, output: string): string {
  const paint = paintFor(process.stdout);
  return pairs(
    [
      ['written', printable(output)],
      ['format', converted.format],
      ['preset', converted.preset],
      ['tensors', String(converted.tensors)],
      ['left out', shorten(converted.dropped)],
    ],
    paint,
  );
}

async function run([input = '', output = '']: string[], args: Args, signal: AbortSignal): Promise<number> {
  await checkPaths(input, output);
  const classes = args.classes === undefined ? null : parseClasses(await readText(args.classes, '--classes'), args.classes);
  const settings = { config: await configText(args.config), classes, half: args.half, maeEncoderOnly: args.maeEncoderOnly };
  const text = await runNative((job, native) => native.convert(input, output, settings, job), signal);
  const converted = JSON.parse(text) as Converted;
  if (args.json) await writeOut(`${JSON.stringify({ file: output, ...converted }, null, 2)}\n`);
  else if (!args.quiet) await writeOut(report(converted, output));
  return 0;
}

export const convert = defineCommand<Args>({
  name: 'convert',
  operands: 'IN OUT.safetensors',
  count: { min: 2, max: 2 },
  summary: 'turn a checkpoint (.pth, .pkl, .safetensors) into weights for this package',
  details:
    'IN is a PyTorch checkpoint (zip or legacy), a detectron2 pickle or a safetensors file; reading it never runs code of it. ' +
    'A MAE pre-training checkpoint becomes a file that training starts from.',
  options,
  examples: [
    ['mimdet convert mimdet_vit_base.pth base.safetensors --half', 'the configuration is found by the shapes'],
    ['mimdet convert model.pth cells.safetensors --config tiny --classes names.txt', 'with names for the classes'],
  ],
  run,
});
