// The options of a call: text from the query or a form, values from JSON. Before it: request-pictures. After it: `detect()`.
// What a caller may say is `detect()`'s own, and which model, and in which form to answer.
import type { DetectOptions } from '../detector-options.js';
import { atCommas, expected, flag, isDecimal, oneOf, readOptions, text, unknownName, type Check } from '../validate.js';

export const formats = ['json', 'coco', 'png'] as const;
export type Format = (typeof formats)[number];

export interface CallOptions {
  detect: Omit<DetectOptions, 'signal' | 'deadlineMs' | 'caller'>;
  deadlineMs: number | undefined;
  model: string | undefined;
  format: Format | undefined;
}

/** A JSON value is passed on: `detect()` checks it. */
const anything: Check<unknown> = (value) => value;

/** JSON has no numbers beyond 2^53 that can be trusted: such a seed comes as text. */
const seed: Check<unknown> = (value) => (typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : value);

const table = {
  scoreThreshold: anything,
  maxDetections: anything,
  classes: anything,
  masks: anything,
  sampleRatio: anything,
  seed,
  priority: anything,
  budgetMs: anything,
  tile: anything,
  tta: flag, // which views is not a caller's choice: they could be thirty-two, four times as large
  deadlineMs: anything,
  model: text,
  format: oneOf(...formats),
};

type Name = keyof typeof table;
export const optionNames = Object.keys(table) as Name[];

/** Letters of a number; a form's field may have thousands. */
const longest = 64;

const decimal: Check<number> = (value, name) => {
  const fits = typeof value === 'string' && value.length <= longest && isDecimal(value);
  if (!fits) throw expected('a number', name, value);
  return Number(value);
};

const whole: Check<unknown> = (value, name) => {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) throw expected('an integer from 0 to 2^64 - 1', name, value);
  return BigInt(value);
};

const truth: Check<boolean> = (value, name) => {
  if (value !== 'true' && value !== 'false') throw expected('true or false', name, value);
  return value === 'true';
};

/** `true`, `false`, a size, or size:overlap. */
const tileText: Check<unknown> = (value, name) => {
  const sizes = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(String(value));
  if (!sizes) return truth(value, name);
  return { size: Number(sizes[1]), ...(sizes[2] !== undefined && { overlap: Number(sizes[2]) }) };
};

const fromText: Record<Name, Check<unknown>> = {
  scoreThreshold: decimal,
  maxDetections: decimal,
  classes: atCommas,
  masks: truth,
  sampleRatio: decimal,
  seed: whole,
  priority: decimal,
  budgetMs: decimal,
  tile: tileText,
  tta: truth,
  deadlineMs: decimal,
  model: anything,
  format: anything,
};

/** Text by name, several where a name was given several times. */
export type TextOptions = Record<string, string | string[] | undefined>;

/** Values out of text; a list of classes is split at commas. Throws ERR_MIMDET_INVALID_ARGUMENT. */
export function parseTextOptions(given: TextOptions): Record<string, unknown> {
  const entries = Object.entries(given).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, parseText(name, value)]));
}

function parseText(name: string, value: string | string[]): unknown {
  if (!Object.hasOwn(fromText, name)) throw unknownName(optionNames, 'options', name);
  if (name === 'classes') return [value].flat().flatMap(atCommas);
  if (Array.isArray(value)) throw expected('one value', name, value);
  return fromText[name as Name](value, name);
}

/**
 * The body's options go before the query's. Values for `detect()` are checked there.
 * Throws ERR_MIMDET_INVALID_ARGUMENT, with a suggestion for an unknown name.
 */
export function readCallOptions(query: TextOptions, body: Record<string, unknown>): CallOptions {
  const given = readOptions(table, { ...parseTextOptions(query), ...body });
  const { model, format, deadlineMs, ...detect } = given;
  return { detect: detect as CallOptions['detect'], deadlineMs: deadlineMs as number | undefined, model, format };
}
