// `mimdet info`: what a weight file says of itself (configuration, card, tensors), read from its header alone.
// Before it: a name or a file. After it: standard output.
import type { Options } from 'yargs';
import { resolveModel } from '../model-source.js';
import { callNative } from '../native.js';
import { defineCommand } from './command.js';
import { writeOut } from './output.js';
import { pairs, paintFor, printable, shorten, table, type Paint } from './terminal.js';

interface Args {
  json: boolean;
  tensors: boolean;
}

interface Tensor {
  name: string;
  dtype: string;
  shape: number[];
}

/** What the addon answers, and the numbers that follow from it. */
interface Info {
  file: string;
  bytes: number;
  /** `mimdet`, `mimdet-init`, or the container in words. */
  format: string;
  /** null where the file has no configuration. */
  preset: string | null;
  parameters: number;
  classes: string[];
  config: Record<string, unknown> | null;
  card: Record<string, string>;
  tensors: Tensor[];
}

const options: Record<string, Options> = {
  json: { type: 'boolean', default: false, describe: 'everything as JSON' },
  tensors: { type: 'boolean', default: false, describe: 'list every tensor with its type and shape' },
};

const elements = (shape: number[]) => shape.reduce((product, side) => product * side, 1);

/** Running statistics are stored beside the parameters, and are none. */
const isParameter = ({ name }: Tensor) => !/\.running_(mean|var)$/.test(name);

function inspect(file: string): Info {
  const found = JSON.parse(callNative((native) => native.inspectWeights(file))) as Omit<Info, 'card' | 'file'> & {
    metadata: Record<string, string>;
  };
  const { format, preset, metadata, tensors, config, bytes } = found;
  const card = Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== 'config'));
  const parameters = tensors.filter(isParameter).reduce((sum, tensor) => sum + elements(tensor.shape), 0);
  const classes = Array.isArray(config?.['classes']) ? (config['classes'] as string[]) : [];
  return { file, bytes, format, preset, parameters, classes, config, card, tensors };
}

/** `encoder.dim` 192 … : nested members by their path. */
function flatten(value: Record<string, unknown>, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, member]): [string, string][] =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? flatten(member as Record<string, unknown>, `${prefix}${key}.`)
      : [[prefix + key, printable(typeof member === 'string' ? member : JSON.stringify(member))]],
  );
}

const millions = (count: number) => `${(count / 1e6).toFixed(1)} million`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function text(info: Info, withTensors: boolean, paint: Paint): string {
  const types = [...new Set(info.tensors.map((tensor) => tensor.dtype))].join(', ');
  const head: [string, string][] = [
    ['file', printable(info.file)],
    ['size', megabytes(info.bytes)],
    ['format', printable(info.format)],
    ['preset', info.preset ?? 'none (the file has no configuration)'],
    ['parameters', `${millions(info.parameters)} (${info.tensors.length} tensors, ${types})`],
    ['classes', shorten(info.classes)],
  ];
  const config = flatten(info.config ?? {}).filter(([name]) => name !== 'classes');
  const card = Object.entries(info.card).map(([name, value]): [string, string] => [printable(name), printable(value)]);
  const section = (title: string, entries: [string, string][]) =>
    entries.length > 0 ? `\n${paint('bold', title)}\n${pairs(entries, paint, '  ')}` : '';
  const rows = info.tensors.map(({ name, dtype, shape }) => [printable(name), dtype, shape.join(' × ')]);
  const tensors = withTensors ? `\n${table([{ title: 'TENSOR' }, { title: 'TYPE' }, { title: 'SHAPE' }], rows, paint)}` : '';
  return pairs(head, paint) + section('Card', card) + section('Configuration', config) + tensors;
}

async function run([weights = '']: string[], args: Args): Promise<number> {
  const info = inspect(String(await resolveModel(weights)));
  await writeOut(args.json ? `${JSON.stringify(info, null, 2)}\n` : text(info, args.tensors, paintFor(process.stdout)));
  return 0;
}

export const info = defineCommand<Args>({
  name: 'info',
  operands: 'WEIGHTS',
  count: { min: 1, max: 1 },
  summary: 'what a weight file holds: configuration, card, parameters, tensors',
  options,
  examples: [
    ['mimdet info nuclei', 'a bundled model'],
    ['mimdet info model.safetensors --json', 'everything, for programs'],
  ],
  run,
});
