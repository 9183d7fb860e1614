// Checks of what users send: one shape of message, options read through a table of checks, and suggestions for slips.
// Before it: the public functions. After it: values that the rest of the package may trust.
import { MimdetError, toMimdetError, type ErrorCode } from './errors.js';

/** Reads one value, or throws the error that names it. */
export type Check<T> = (value: unknown, name: string) => T;

/** The error "Expected `what` for `name` but received `received`". */
export function expected(
  what: string,
  name: string,
  received: unknown,
  code: ErrorCode = 'ERR_MIMDET_INVALID_ARGUMENT',
  cause?: unknown,
): MimdetError {
  const message = `Expected ${what} for \`${name}\` but received ${show(received)}`;
  return new MimdetError(code, message, cause === undefined ? undefined : { cause });
}

/** Words for a message that are not a value: `expected('a file', 'image', new Words('a folder'))`. */
export class Words {
  constructor(readonly text: string) {}
}

/** A value as it stands in a message: short, whatever it is. */
export function show(value: unknown): string {
  if (value instanceof Words) return value.text;
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof URL) return quote(value.href);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no prototype'})`;
  return String(value);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

type Values<S extends Record<string, Check<unknown>>> = { [K in keyof S]?: ReturnType<S[K]> };

/** Reads `options` by a table of checks; `undefined` counts as not given, an unknown key is an error with a suggestion. */
export function readOptions<S extends Record<string, Check<unknown>>>(
  table: S,
  options: unknown,
  name = 'options',
): Values<S> {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object' || Array.isArray(options)) throw expected('an object', name, options);
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    const check = Object.hasOwn(table, key) ? table[key] : undefined;
    if (!check) throw unknownName(Object.keys(table), name, key);
    if (value !== undefined) values[key] = check(value, name === 'options' ? key : `${name}.${key}`);
  }
  return values as Values<S>;
}

/** The error for a name that is none of `names`, with the nearest of them. */
export function unknownName(names: readonly string[], name: string, received: unknown): MimdetError {
  const near = typeof received === 'string' ? closest(received, names) : undefined;
  const list = names.length > 30 ? `one of ${names.length} names` : `one of ${names.join(', ')}`;
  const hint = near === undefined ? '' : ` (did you mean ${quote(near)}?)`;
  return expected(list, name, new Words(show(received) + hint));
}

/** The nearest of `names` if it is near enough to be a slip of the pen. */
export function closest(word: string, names: readonly string[]): string | undefined {
  if (word.length > 100) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** A finite number within [min, max]; `above` excludes the lower end. */
export function number(min: number, max: number, { integer = false, above = false } = {}): Check<number> {
  const what = `${integer ? 'an integer' : 'a number'} ${rangeInWords(min, max, above)}`;
  return (value, name) => {
    const fits = typeof value === 'number' && Number.isFinite(value) && value <= max && (above ? value > min : value >= min);
    if (!fits || (integer && !Number.isInteger(value))) throw expected(what, name, value);
    return value;
  };
}

function rangeInWords(min: number, max: number, above: boolean): string {
  const open = max >= Number.MAX_SAFE_INTEGER;
  if (above) return open ? `above ${min}` : `above ${min} and at most ${max}`;
  return open ? `of at least ${min}` : `from ${min} to ${max}`;
}

export const integer = (min: number, max: number = Number.MAX_SAFE_INTEGER): Check<number> =>
  number(min, max, { integer: true });

export const flag: Check<boolean> = (value, name) => {
  if (typeof value !== 'boolean') throw expected('true or false', name, value);
  return value;
};

export const text: Check<string> = (value, name) => {
  if (typeof value !== 'string' || value === '') throw expected('a string', name, value);
  return value;
};

/** A copy of bytes that their owner may change while another thread reads. Throws ERR_MIMDET_INVALID_ARGUMENT where they are detached. */
export function copyOf(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (error) {
    if (bytes.length > 0) throw toMimdetError(error);
    throw expected('bytes that can be read', name, new Words('a detached Uint8Array'), 'ERR_MIMDET_INVALID_ARGUMENT', error);
  }
}

/**
 * Whether a text is a decimal number, within a hundred characters: `Number` alone would take '' and '0x10'. The pattern goes over a
 * text once, so that a line of a stranger's file cannot keep it busy.
 */
export const isDecimal = (text: string): boolean => text.length <= 100 && /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text);

/** What commas separate in a text. */
export const atCommas = (text: unknown): string[] => String(text).split(',').map((item) => item.trim());

/** One of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): Check<T> {
  return (value, name) => {
    if (typeof value !== 'string' || !(words as readonly string[]).includes(value)) throw unknownName(words, name, value);
    return value as T;
  };
}

export const abortSignal: Check<AbortSignal> = (value, name) => {
  if (!(value instanceof AbortSignal)) throw expected('an AbortSignal', name, value);
  return value;
};
