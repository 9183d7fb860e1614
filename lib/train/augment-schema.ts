// What happens to a picture before the model sees it: the keys of native/data/augment/augment.h, in its order of events.
// Before it: config-checks. After it: schema.ts; the checked object goes to the addon as it is.
import { z } from 'zod';
import { choice, flag, list, numberIn, object, span, wholeIn } from './config-checks.js';

const side = () => wholeIn(16, 8192);
const sides = (what: string) => list(side(), what).min(1, what).max(64, what).optional();
const probability = () => numberIn(0, 1).optional();

/** An object, true for its defaults, false or null for nothing. */
const stage = <T extends z.ZodRawShape>(shape: T) =>
  z.union([object(shape), z.boolean(), z.null()], { error: 'an object, true or false' }).optional();

const sizeSpan = z
  .tuple([side(), side()], { error: 'two rising whole numbers, from 16 to 8192' })
  .refine(([least, most]) => least <= most, 'two rising whole numbers, from 16 to 8192');

const copyPaste = stage({
  probability: probability().describe('Default 0.5.'),
  scale: span(0.05, 4).optional().describe("Of the donor's pixels. Default 0.8 to 1.25."),
  maxObjects: wholeIn(1, 1000).optional().describe('Default 100.'),
  minVisible: numberIn(0, 1).optional().describe('Objects of which a smaller share stays visible are dropped. Default 0.3.'),
});

const resizeCrop = stage({
  probability: probability().describe('Default 0.5.'),
  sizes: sides('a list of sizes from 16 to 8192').describe(
    'The shortest edge becomes one of them. Default: 400, 500, 600 at minSize 800.',
  ),
  crop: sizeSpan
    .optional()
    .describe('Then height and width are cut to numbers between these. Default: 384 to 600 at minSize 800.'),
});

const largeScaleJitter = stage({
  size: side().optional().describe('Side of the square. Default: maxSize.'),
  scale: span(0.05, 4).optional().describe('Default 0.1 to 2.'),
  pad: flag().optional().describe('Fill up to the square with grey. Default true.'),
});

const colour = stage({
  probability: probability().describe('Default 1.'),
  brightness: numberIn(0, 1).optional().describe('A factor from 1 - x to 1 + x. Default 0.2.'),
  contrast: numberIn(0, 1).optional().describe('Default 0.2.'),
  saturation: numberIn(0, 1).optional().describe('Default 0.2.'),
  hue: numberIn(0, 0.5).optional().describe('A turn of the colour circle from -x to x. Default 0.02.'),
  grey: numberIn(0, 1).optional().describe('Probability that the colours are taken away. Default 0.'),
  invert: numberIn(0, 1).optional().describe('Probability that light and dark change places. Default 0.'),
});

export const augmentSchema = object({
  copyPaste: copyPaste.describe('Objects of another picture are pasted on. Default: none.'),
  flip: object({
    horizontal: probability().describe('Default 0.5.'),
    vertical: probability().describe('Default 0.'),
  }).optional(),
  quarterTurn: probability().describe('Probability of a turn by 90, 180 or 270 degrees. Default 0.'),
  largeScaleJitter: largeScaleJitter.describe('In the place of resizeCrop and sizes. Default: none.'),
  resizeCrop: resizeCrop.describe("The reference's: half of the time a resize and a crop. Default: on."),
  sizes: sides('a list of sizes from 16 to 8192').describe(
    'At last the shortest edge becomes one of them. Default: 480 … 800 at minSize 800.',
  ),
  sizesPer: choice('picture', 'batch')
    .optional()
    .describe('Whether each picture draws one of `sizes`, or a batch one for all, so that less of it is padding. Default picture.'),
  colour: colour.describe('Default: none.'),
  recomputeBoxes: flag().optional().describe('Objects that an edge cut get the box of the rest of their mask. Default true.'),
});
