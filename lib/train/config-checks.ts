// The leaves of the training configuration's schema. The message of each is what was expected, in words: config.ts makes
// "Expected <words> for `a.b` but received Y" of it. Before it: nothing. After it: schema.ts.
import { z } from 'zod';

/** A number within [min, max]; `above` leaves the lower end out. */
export function numberIn(min: number, max?: number, { above = false } = {}) {
  const words = rangeWords('a number', min, max, above);
  const lower = above ? z.number({ error: words }).gt(min, words) : z.number({ error: words }).gte(min, words);
  return max === undefined ? lower : lower.lte(max, words);
}

/** A whole number within [min, max]. */
export function wholeIn(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const words = rangeWords('a whole number', min, max === Number.MAX_SAFE_INTEGER ? undefined : max, false);
  return z.int({ error: words }).gte(min, words).lte(max, words);
}

function rangeWords(kind: string, min: number, max: number | undefined, above: boolean): string {
  if (max === undefined) return above ? `${kind} above ${min}` : `${kind} of at least ${min}`;
  return above ? `${kind} above ${min} and at most ${max}` : `${kind} from ${min} to ${max}`;
}

export const flag = () => z.boolean({ error: 'true or false' });

export const word = (what = 'a string') => z.string({ error: what }).min(1, what);

/** A path; no zero bytes, which no file system takes. */
export const path = () =>
  z
    .string({ error: 'a path' })
    .min(1, 'a path')
    .regex(/^[^\0]*$/, 'a path');

export function choice<const T extends readonly [string, ...string[]]>(...words: T) {
  return z.enum(words, { error: `one of ${words.join(', ')}` });
}

/** A number of steps, or a string such as "2.5 epochs" or "100 steps". Kept as given; durations.ts turns it into steps. */
export function duration(min = 0) {
  const words = `a number of steps of at least ${min}, or words such as "2.5 epochs"`;
  const text = z.string({ error: words }).regex(/^\s*\d{1,9}(\.\d{1,9})?\s*(epochs?|steps?)\s*$/, words);
  return z.union([z.int({ error: words }).gte(min, words), text], { error: words });
}

/** Two rising numbers. */
export function span(min: number, max: number, { above = false } = {}) {
  const words = `two rising numbers, ${above ? 'above' : 'from'} ${min} to ${max}`;
  const end = numberIn(min, max, { above });
  return z.tuple([end, end], { error: words }).refine(([low, high]) => low <= high, words);
}

export const list = <T extends z.ZodType>(of: T, what: string) => z.array(of, { error: what });

/** An object whose unknown keys are errors. */
export const object = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape, { error: 'an object' });
