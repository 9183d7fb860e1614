// Every key of the training configuration with its range, default and meaning: the source of the types, of the checks, of
// schema/train.schema.json and of what docs/training.md tells. Before it: config-checks. After it: config.ts.
import { z } from 'zod';
import { augmentSchema } from './augment-schema.js';
import { choice, duration, flag, list, numberIn, object, path, span, wholeIn, word } from './config-checks.js';

const maxSteps = 100_000_000;

const data = object({
  path: path().describe('A COCO JSON, or a folder in COCO, VOC or YOLO form.'),
  val: path().optional().describe('The data for evaluation, where `path` has no part of that name.'),
  images: path().optional().describe('The folder of the pictures of a COCO JSON. Default: found beside it.'),
  strict: flag()
    .default(false)
    .describe('Any fault of the data ends the run before its first step. Else what is faulty is left out.'),
  keepEmpty: flag().default(false).describe('Train on pictures without objects too. The reference leaves them out.'),
  cacheMegabytes: wholeIn(0, 1_000_000).default(1024).describe('Memory for decoded pictures.'),
});

const model = object({
  preset: choice('base', 'large', 'tiny').optional().describe('Default: the model of `init`, else tiny.'),
  config: z
    .union([path(), z.record(z.string(), z.unknown())], { error: "a JSON file with a model's configuration, or the object" })
    .optional()
    .describe('Another model than the presets (docs/configuration.md): a JSON file, or the object itself.'),
  minSize: wholeIn(32, 65_535).optional().describe('Pictures are resized to this shortest edge, pixels.'),
  maxSize: wholeIn(32, 65_535).optional().describe('… unless the longest would be more than this.'),
  sampleRatio: z
    .union([numberIn(0, 1, { above: true }), span(0, 1, { above: true })], {
      error: 'a number above 0 and at most 1, or two of them',
    })
    .optional()
    .describe('Share of the patches that the encoder sees in a step; two numbers: drawn between them in each step.'),
  dropPath: numberIn(0, 0.99).optional().describe("Stochastic depth of the encoder's last block."),
  detectionsPerImage: wholeIn(1, 100_000).optional().describe('Instances that the model returns at most.'),
});

const schedule = object({
  steps: wholeIn(1, maxSteps).optional().describe('Length of the run in steps; this or `epochs`. Default: docs/training.md.'),
  epochs: numberIn(0, 1_000_000, { above: true }).optional().describe('Length of the run in passes over the pictures.'),
  batch: wholeIn(1, 65_536).default(8).describe('Pictures of one step.'),
  accumulate: wholeIn(1, 65_536)
    .default(1)
    .describe('Parts that a batch is computed in, one after the other, to save memory.'),
  kind: choice('cosine', 'multistep', 'constant').default('cosine').describe('How the learning rate falls.'),
  warmup: duration()
    .optional()
    .describe(
      'The learning rate rises linearly so long. Default: a twentieth of the run, at most 500 steps. At most half of the run.',
    ),
  warmupFactor: numberIn(0, 1).default(0).describe('Where it rises from, as a factor.'),
  milestones: list(duration(1), 'a list of steps or "N epochs"')
    .optional()
    .describe('multistep: when the rate is multiplied by `gamma`. Default: after 3/4 and 11/12 of the run.'),
  gamma: numberIn(0, 1, { above: true }).default(0.1).describe('multistep: the factor.'),
  finalFactor: numberIn(0, 1).default(0.01).describe('cosine: where it ends, as a factor.'),
  seed: wholeIn(0).default(0).describe('Of everything that is drawn: same seed, same run.'),
});

const optimizer = object({
  lr: numberIn(0, 10, { above: true })
    .optional()
    .describe('Learning rate, absolute. Default: `baseLr` scaled with the batch.'),
  baseLr: numberIn(0, 10, { above: true })
    .optional()
    .describe('Learning rate at 64 pictures a step. Default: docs/training.md.'),
  scaling: choice('sqrt', 'linear', 'none')
    .default('sqrt')
    .describe('lr = baseLr × sqrt(batch / 64), baseLr × batch / 64, or baseLr.'),
  betas: z.tuple([numberIn(0, 0.99999), numberIn(0, 0.9999999)], { error: 'two numbers' }).default([0.9, 0.999]),
  eps: numberIn(0, 1, { above: true }).default(1e-8),
  weightDecay: numberIn(0, 10).default(0.05).describe('Of matrices and kernels. The reference has 0.1.'),
  weightDecayNorm: numberIn(0, 10).default(0).describe('Of parameters with `norm` in their name.'),
  multiplier: numberIn(0, 1000, { above: true })
    .optional()
    .describe("The reference's m: the encoder learns at lr / m, everything behind it at lr × m. Default: 2, large 3.5."),
  layerDecay: numberIn(0, 1, { above: true })
    .default(1)
    .describe('Layer-wise decay of the learning rate, from the last block to the stem; 1 is off.'),
  clipNorm: numberIn(0).default(0).describe('The norm of all gradients is cut to this; 0 is off.'),
  ema: numberIn(0, 0.999999)
    .default(0.998)
    .describe('Decay of the moving average of the weights, which is what is kept and evaluated; 0 is off.'),
  freeze: list(word(), 'a list of names or patterns')
    .default([])
    .describe('Parameters that stay as they are: names, beginnings of names, or patterns with *.'),
});

const output = object({
  dir: path().default('runs/train').describe('Folder of the run.'),
  evaluateEvery: duration(1).optional().describe('Default: a tenth of the run, at least 50 steps.'),
  checkpointEvery: duration(1).default(100).describe('A run that is killed loses no more than this.'),
  maxDets: wholeIn(1, 100_000).default(100).describe("The last of COCO's three numbers of detections, for AP."),
  patience: wholeIn(0, 1_000_000).default(0).describe('Evaluations without a better AP after which the run ends; 0 is off.'),
  half: flag().default(false).describe('Write weights in half precision (and evaluate those).'),
  tensorboard: flag().default(true).describe('Write TensorBoard event files.'),
  report: flag().default(true).describe('Write report.html at the end.'),
  license: word().optional().describe('For the model card: the licence of the weights.'),
  data: word().optional().describe('For the model card: what the data are.'),
});

const compute = object({
  device: z
    .string({ error: "'auto', 'cpu', 'cuda' or 'cuda:N'" })
    .regex(/^(auto|cpu|cuda(:\d{1,3})?)$/, "'auto', 'cpu', 'cuda' or 'cuda:N'")
    .optional()
    .describe('Default: MIMDET_DEVICE, else auto.'),
  precision: choice('float32', 'bfloat16', 'float16')
    .default('float32')
    .describe('Of the forward and backward pass; weights stay float32. float16 is for GPUs alone, the CPU refuses it; the loss is then scaled, so that small gradients are not lost.'),
  threads: wholeIn(0, 1024)
    .optional()
    .describe('0: one a core. Default: MIMDET_THREADS, else 0. Another number rounds otherwise.'),
  checkpointing: flag()
    .default(false)
    .describe("Recompute the transformer's activations in the backward pass: less memory, a third more time."),
  prefetch: wholeIn(1, 64).default(3).describe('Batches that are made ahead.'),
});

/** The whole configuration; every section but `data` may be left out. */
export const trainSchema = object({
  data,
  init: word("a bundled name, a file of weights, or 'fresh'")
    .optional()
    .describe(
      "A bundled name, a file of weights (own, or MAE's made by `mimdet convert`), or 'fresh'. Default: nuclei for tiny, else fresh.",
    ),
  model: model.prefault({}),
  schedule: schedule.prefault({}),
  optimizer: optimizer.prefault({}),
  augment: augmentSchema.prefault({}),
  output: output.prefault({}),
  compute: compute.prefault({}),
});
