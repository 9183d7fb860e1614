// The one error type of the package, and the one place where errors of the addon become it.
// Before it: anything that fails, here or in native code. After it: the user, who can rely on `code`.

/** Every code that an error of this package can have. Codes are stable, messages are not. */
export const errorCodes = [
  'ERR_MIMDET_INVALID_ARGUMENT',
  'ERR_MIMDET_DECODE',
  'ERR_MIMDET_WEIGHTS',
  'ERR_MIMDET_DATASET',
  'ERR_MIMDET_DEVICE',
  'ERR_MIMDET_OUT_OF_MEMORY',
  'ERR_MIMDET_DIVERGED',
  'ERR_MIMDET_DISPOSED',
  'ERR_MIMDET_QUEUE_FULL',
  'ERR_MIMDET_DEADLINE',
  'ERR_MIMDET_INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * An error with a stable `code`. The message reads "Expected X for `name` but received Y" where an input is at fault;
 * `cause` holds the error underneath where there is one. An abort is not a MimdetError: it rejects with `signal.reason`.
 */
export class MimdetError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  static {
    // On the prototype, so that it does not show up as a field of every error.
    Object.defineProperty(this.prototype, 'name', { value: 'MimdetError', configurable: true, writable: true });
  }
}

const known: ReadonlySet<string> = new Set(errorCodes);

/** Any thrown value as a MimdetError: one already is, one of the addon keeps its code, everything else is internal. */
export function toMimdetError(error: unknown): MimdetError {
  if (error instanceof MimdetError) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return new MimdetError(known.has(code) ? (code as ErrorCode) : 'ERR_MIMDET_INTERNAL', message, { cause: error });
}

/** The `code` of an error of Node or of the addon; '' where there is none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
}
