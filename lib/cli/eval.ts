// `mimdet eval`: AP of a model on a data set, or of a result file that is there already.
// Stations: eval-truth (which data set, which pictures) → predict (detectMany over its pictures) → evaluate → coco-table.
import type { Options } from 'yargs';
import { evaluate } from '../index.js';
import { atCommas, integer } from '../validate.js';
import { readDataFile } from '../data/coco-file.js';
import { evaluationText } from './coco-table.js';
import { defineCommand } from './command.js';
import { openTruth, type Truth } from './eval-truth.js';
import { wrongUsage } from './exit.js';
import { flags, modelFlags, quiet, samplingFlags, type ModelArgs } from './flags.js';
import { openOutput, writeOut } from './output.js';
import { predict, type Predictions } from './predict.js';
import { paintFor } from './terminal.js';
import { ttaFlags, type TtaArgs } from './tta-flags.js';

type IouType = 'bbox' | 'segm';

interface Args extends ModelArgs, TtaArgs {
  data: string;
  images?: string;
  predictions?: string;
  iou?: IouType[];
  maxDets: number;
  json?: string;
  out?: string;
  sampleRatio?: number;
  seed?: number | bigint;
  concurrency?: number;
  quiet: boolean;
}

function iouTypes(given: unknown): IouType[] {
  const types = atCommas(given);
  const wrong = types.find((type) => type !== 'bbox' && type !== 'segm');
  if (wrong !== undefined) throw wrongUsage(`Expected bbox, segm or both for \`--iou\` but received ${wrong || 'nothing'}`);
  return [...new Set(types as IouType[])];
}

const options: Record<string, Options> = {
  ...modelFlags,
  data: flags.text('a COCO JSON, or a folder in COCO, VOC or YOLO form', { alias: 'd', demandOption: true }),
  images: flags.text('the folder of the pictures (default: found beside the JSON)'),
  predictions: flags.text('a COCO result file to evaluate instead of a model'),
  iou: flags.value('iou', iouTypes, 'bbox, segm or bbox,segm (default: what the data have)'),
  'max-dets': flags.value('max-dets', integer(1), "the last of COCO's three numbers of detections", { default: 100 }),
  json: flags.text('write the summary as JSON to this file (- for standard output, instead of the table)'),
  out: flags.text('write the detections as a COCO result file', { alias: 'o' }),
  ...samplingFlags,
  ...ttaFlags,
  concurrency: flags.value('concurrency', integer(1, 1024), 'pictures that are decoded and computed at the same time'),
  quiet,
};

/** What both sides have: bytes are searched, for a result file can be large and is read by the evaluator anyway. */
function availableTypes(truth: Truth, predictions: Buffer | undefined): IouType[] {
  const has = (file: Buffer | undefined, key: string) => !file || file.length < 3 || file.includes(`"${key}"`);
  const masks = truth.masks && has(predictions, 'segmentation');
  return [...(has(predictions, 'bbox') || !masks ? (['bbox'] as const) : []), ...(masks ? (['segm'] as const) : [])];
}

async function results(args: Args, truth: Truth, types: IouType[], signal: AbortSignal): Promise<Predictions> {
  const predictions = await predict(await truth.questions(), { ...args, masks: types.includes('segm') }, signal);
  if (args.out) await writeOut(`${JSON.stringify(predictions.entries)}\n`, args.out);
  return predictions;
}

/** Asked for or not: a model without masks has no mask AP. */
function judgedBy(types: IouType[], { masks }: Predictions): IouType[] {
  if (masks || !types.includes('segm')) return types;
  process.stderr.write('The model was trained on boxes alone and finds no masks: boxes are evaluated.\n');
  return ['bbox'];
}

async function run(_: string[], args: Args, signal: AbortSignal): Promise<number> {
  if (args.predictions === undefined && !args.weights)
    throw wrongUsage('Expected `--weights` or `--predictions` for `eval` but received neither');
  const truth = await openTruth(args, signal);
  const predictions = args.predictions === undefined ? undefined : await readDataFile(args.predictions);
  const types = args.iou ?? availableTypes(truth, predictions);
  const json = args.json === undefined ? undefined : await openOutput(args.json, '--json');
  const found = args.predictions === undefined ? await results(args, truth, types, signal) : undefined;
  const iouTypes = found ? judgedBy(types, found) : types;
  const summary = await evaluate(truth.document(), found?.entries ?? args.predictions!, { iouTypes, maxDets: args.maxDets, signal });
  if (args.json !== '-') await writeOut(evaluationText(summary, paintFor(process.stdout)));
  await json?.write(`${JSON.stringify(summary, null, 2)}\n`);
  await json?.close();
  return (found?.failed ?? 0) > 0 || truth.faults > 0 ? 1 : 0;
}

export const evaluateCommand = defineCommand<Args>({
  name: 'eval',
  operands: '',
  count: { min: 0, max: 0 },
  summary: 'AP of a model, or of a result file, on a data set',
  details:
    "A model is run with its configuration's own score threshold and number of detections. The pictures of a JSON are looked for " +
    'in the folder of its name, in JPEGImages or images in that, in images or pictures beside it, and beside it. ' +
    'Of a folder with several parts the one for validation is taken. In VOC and YOLO form pictures count from 1 in their order.',
  options,
  examples: [
    ['mimdet eval --weights nuclei --data nuclei/val.json --json ap.json', 'run the model and print the table'],
    ['mimdet eval --weights cells.safetensors --data cells/data.yaml', 'the same with a data set in YOLO form'],
    ['mimdet eval --data val.json --predictions found.json --iou bbox --max-dets 500', 'evaluate a result file'],
  ],
  run,
});
