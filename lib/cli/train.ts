// `mimdet train`: from annotated pictures to weights. Stations: train-config → Trainer (lib/train) → train-screen (bar, notes)
// → what came of it. `--check` looks at the data alone.
import type { Options } from 'yargs';
import { checkReport, checkStatus } from '../data/check-report.js';
import { checkTrainingData, DatasetError } from '../data/open-dataset.js';
import { readTrainConfig } from '../train/config.js';
import { Trainer } from '../trainer.js';
import type { TrainOutcome } from '../train/events.js';
import { integer, number, type Check } from '../validate.js';
import { evaluationText } from './coco-table.js';
import { defineCommand } from './command.js';
import { flags, quiet } from './flags.js';
import { writeOut } from './output.js';
import { Progress } from './progress.js';
import { pairs, paintFor, printable } from './terminal.js';
import { trainConfig, type TrainArgs } from './train-config.js';
import { TrainScreen } from './train-screen.js';

interface Args extends TrainArgs {
  check: boolean;
  json: boolean;
  quiet: boolean;
}

/** Kept as it is: the configuration's own check knows steps and epochs. */
const duration: Check<string | number> = (value) => (typeof value === 'number' ? value : String(value));

const options: Record<string, Options> = flags.grouped('Training:', {
  config: flags.text('a YAML or JSON file (docs/training.md); flags go before it', { alias: 'c' }),
  data: flags.text('a COCO JSON, or a folder in COCO, VOC or YOLO form', { alias: 'd' }),
  val: flags.text('the data for evaluation, where --data has no part of that name'),
  images: flags.text('the folder of the pictures of a COCO JSON (default: found beside it)'),
  init: flags.text('a bundled name, a file of weights, or fresh (default: nuclei for tiny, else fresh)'),
  model: flags.text('base, large, tiny, or a JSON file with a configuration (default: that of --init, else tiny)'),
  out: flags.text('folder of the run (default: runs/train)', { alias: 'o' }),
  steps: flags.value('steps', integer(1), 'length of the run'),
  epochs: flags.value('epochs', number(0, 1e6, { above: true }), 'length of the run, in passes over the pictures'),
  batch: flags.value('batch', integer(1), 'pictures of one step (default 8)', { alias: 'b' }),
  lr: flags.value('lr', number(0, 10, { above: true }), 'learning rate (default: docs/training.md)'),
  seed: flags.value('seed', integer(0), 'the same seed, the same run (default 0)'),
  threads: flags.value('threads', integer(0, 1024), 'threads of the model (default: one a core)'),
  device: flags.text('auto, cpu, cuda or cuda:N'),
  'max-dets': flags.value('max-dets', integer(1), "the last of COCO's three numbers of detections (default 100)"),
  'evaluate-every': flags.value('evaluate-every', duration, 'steps, or "N epochs" (default: a tenth of the run)'),
  'checkpoint-every': flags.value('checkpoint-every', duration, 'steps, or "N epochs" (default 100)'),
  patience: flags.value('patience', integer(0), 'end after so many evaluations without a better AP (default: never)'),
  resume: { type: 'string', describe: 'go on in --out, or in the folder that is named here, bit for bit' },
  check: { type: 'boolean', default: false, describe: 'check the data and end' },
  strict: { type: 'boolean', default: false, describe: 'any fault of the data is an error' },
  json: { type: 'boolean', default: false, describe: 'say what came of it as JSON' },
  quiet,
});

async function check(args: Args, signal: AbortSignal): Promise<number> {
  const { data, schedule } = readTrainConfig(await trainConfig(args));
  const bar = new Bar(args.quiet);
  const { path, val, images, strict } = data;
  const onProgress = (done: number, total: number) => bar.to(done, total);
  const checked = await checkTrainingData({ data: path, val, images, strict, seed: schedule.seed, signal, onProgress });
  bar.clear();
  for (const note of checked.notes) process.stderr.write(`${printable(note)}\n`);
  process.stderr.write(checkReport(checked.faults));
  if (args.json) await writeOut(`${JSON.stringify({ faults: checked.faults, notes: checked.notes }, null, 2)}\n`);
  else if (!args.quiet) await writeOut(checkedText(checked));
  return checkStatus(checked.faults, strict);
}

/** A bar whose length is known from the first call on. */
class Bar {
  private bar: Progress | undefined;

  constructor(private readonly quiet: boolean) {}

  to(done: number, total: number): void {
    this.bar ??= new Progress(total, { quiet: this.quiet });
    this.bar.to(done);
  }

  clear(): void {
    this.bar?.clear();
  }
}

function checkedText({ train, val, faults }: Awaited<ReturnType<typeof checkTrainingData>>): string {
  const part = (name: string, set: typeof train): [string, string][] => {
    if (!set) return [[name, 'nothing that can be used']];
    const objects = set.pictures.reduce((sum, picture) => sum + picture.objects.length, 0);
    return [
      [name, `${set.pictures.length} pictures, ${objects} objects, masks: ${set.masks} (${set.form}, ${printable(set.name)})`],
    ];
  };
  const classes: [string, string][] = train ? [['classes', train.classes.map(printable).join(', ')]] : [];
  const rows = [
    ...part('train', train),
    ...part('val', val),
    ...classes,
    ['faults', String(faults.length)] as [string, string],
  ];
  return pairs(rows, paintFor(process.stdout));
}

async function train(args: Args, signal: AbortSignal): Promise<TrainOutcome> {
  const trainer = new Trainer(await trainConfig(args));
  const screen = new TrainScreen(args.quiet);
  try {
    const resume = args.resume !== undefined;
    for await (const step of trainer.run({ signal, resume, onEvent: (event) => screen.event(event) })) screen.step(step);
    return trainer.outcome!;
  } catch (error) {
    screen.clear();
    if (error instanceof DatasetError) process.stderr.write(checkReport(error.faults));
    if (signal.aborted && !args.quiet) screen.stopped(trainer.config.output.dir);
    throw error;
  } finally {
    screen.clear();
    await trainer.close();
  }
}

function outcomeText(outcome: TrainOutcome): string {
  const paint = paintFor(process.stdout);
  const { best, ended, step, steps, evaluation } = outcome;
  const kind = best?.of === 'segm' ? 'mask' : 'box';
  const rows: [string, string][] = [
    ['steps', ended === 'patience' ? `${step} of ${steps}: no better AP for a while` : String(step)],
    ...(best ? [['best', `${kind} AP ${best.ap.toFixed(3)} after step ${best.step}`] as [string, string]] : []),
    ['weights', printable(outcome.weights)],
    ...(outcome.report ? [['report', printable(outcome.report)] as [string, string]] : []),
    ['folder', printable(outcome.folder)],
  ];
  return (evaluation ? `${evaluationText(evaluation, paint)}\n` : '') + pairs(rows, paint);
}

async function run(_: string[], args: Args, signal: AbortSignal): Promise<number> {
  if (args.check) return check(args, signal);
  const outcome = await train(args, signal);
  if (args.json) await writeOut(`${JSON.stringify(outcome, null, 2)}\n`);
  else if (!args.quiet) await writeOut(outcomeText(outcome));
  return 0;
}

export const trainCommand = defineCommand<Args>({
  name: 'train',
  operands: '',
  count: { min: 0, max: 0 },
  summary: 'train a model on annotated pictures',
  details:
    'Parts for training and evaluation are found in --data (train and val folders or JSON files, ImageSets/Main, data.yaml); with ' +
    'none, every tenth picture is set aside. Ctrl-C writes a checkpoint, --resume goes on from it.',
  options,
  examples: [
    ['mimdet train --data cells/ --out runs/cells', 'fine-tune the bundled model on own pictures'],
    ['mimdet train --data cells/ --check --strict', 'look for faults of the data'],
    ['mimdet train --resume runs/cells', 'go on with a run that was stopped'],
    ['mimdet train --config examples/train-nuclei.yaml --data nuclei/', 'with a recipe'],
  ],
  run,
});
