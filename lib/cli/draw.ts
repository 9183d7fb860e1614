// `mimdet draw`: annotations or detections that are there already, drawn onto their pictures.
// Stations: draw-sources (which pictures, what on them) → drawing (Detections.draw, one PNG a picture); or draw-augmented.
import type { Options } from 'yargs';
import { integer, number } from '../validate.js';
import { defineCommand } from './command.js';
import { drawAugmented } from './draw-augmented.js';
import { Drawing } from './drawing.js';
import { readSheets, type Sheet } from './draw-sources.js';
import { failureOf, wrongUsage } from './exit.js';
import { flags, quiet } from './flags.js';
import { writeOut } from './output.js';
import { Progress } from './progress.js';
import { printable } from './terminal.js';

interface Args {
  out: string;
  data?: string;
  images?: string;
  augmented: boolean;
  count: number;
  config?: string;
  model?: string;
  seed?: number;
  scoreThreshold?: number;
  masks: boolean;
  boxes: boolean;
  labels: boolean;
  scale?: number;
  quiet: boolean;
}

const options: Record<string, Options> = {
  out: flags.text('the folder for the PNG files', { alias: 'o', demandOption: true }),
  data: flags.text('the data set (COCO JSON) that a result file belongs to'),
  images: flags.text('the folder of the pictures (default: found beside the JSON; for jsonl the names as they are)'),
  'score-threshold': flags.value('score-threshold', number(0, 1), 'draw only instances with at least this score'),
  masks: { type: 'boolean', default: true, describe: 'draw masks' },
  boxes: { type: 'boolean', default: true, describe: 'draw boxes' },
  labels: { type: 'boolean', default: true, describe: 'draw names and scores' },
  scale: flags.value('scale', integer(1, 16), 'enlarge the pictures so many times (default 1)'),
  quiet,
};

const augmentedOptions: Record<string, Options> = flags.grouped('What training sees:', {
  augmented: { type: 'boolean', default: false, describe: 'FILE is a data set in any form; draw the first pictures of a run' },
  count: flags.value('count', integer(1, 100_000), 'so many pictures', { default: 8 }),
  config: flags.text("the run's YAML or JSON file (its data gives way to FILE)", { alias: 'c' }),
  model: flags.text('base, large, tiny, or a JSON file with a configuration: whose sizes (default: as in train)'),
  seed: flags.value('seed', integer(0), "the run's seed (default 0)"),
});

async function drawOne(drawing: Drawing, sheet: Sheet, args: Args, signal: AbortSignal): Promise<string> {
  const { masks, boxes, labels, scale, scoreThreshold: least = 0 } = args;
  const found = sheet.make().filter(({ score }) => score >= least);
  return drawing.add(sheet.file, found, { masks, boxes, labels, scale, signal });
}

async function run([file = '']: string[], args: Args, signal: AbortSignal): Promise<number> {
  if (!args.augmented) return drawSheets(file, args, signal);
  const { masks, boxes, labels, scale } = args;
  return drawAugmented(file, await Drawing.into(args.out, '--out'), args, { masks, boxes, labels, scale }, signal);
}

async function drawSheets(file: string, args: Args, signal: AbortSignal): Promise<number> {
  const sheets = await readSheets(file, args.data, args.images);
  if (sheets.length === 0)
    throw wrongUsage(`Expected something to draw for \`FILE\` but received ${file}, which names no picture`);
  const drawing = await Drawing.into(args.out, '--out');
  drawing.keep(sheets.map(({ file }) => file));
  const progress = new Progress(sheets.length, args);
  let failed = 0;
  for (const sheet of sheets) {
    try {
      const target = await drawOne(drawing, sheet, args, signal);
      progress.clear();
      if (!args.quiet) await writeOut(`${printable(target)}\n`);
    } catch (error) {
      signal.throwIfAborted();
      failed++;
      progress.clear();
      process.stderr.write(`${failureOf(sheet.file, error)}\n`);
    }
    progress.step();
  }
  progress.clear();
  return failed > 0 ? 1 : 0;
}

export const draw = defineCommand<Args>({
  name: 'draw',
  operands: 'FILE',
  count: { min: 1, max: 1 },
  summary: 'draw annotations or detections onto their pictures',
  details:
    'FILE is what `detect --format jsonl` wrote, a COCO data set (its annotations are drawn), or a COCO result file with --data.\n' +
    'With --augmented it is a data set in COCO, VOC or YOLO form, and its pictures are drawn as training will see them.',
  options: { ...options, ...augmentedOptions },
  examples: [
    ['mimdet draw found.jsonl --out drawn/', 'detections of an earlier run'],
    ['mimdet draw val.json --out truth/', 'the annotations of a data set'],
    ['mimdet draw cells/ --augmented --out seen/', 'what training will see'],
  ],
  run,
});
