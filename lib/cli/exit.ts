// How a command ends: an error becomes one line `CODE: message` on standard error, and one of the statuses that scripts rely on.
// Before it: whatever a command threw. After it: the shell.
import { MimdetError } from '../errors.js';
import { printable } from './terminal.js';

/** What a signal (Ctrl-C) aborts the work with; `status` is the shell's own: 128 and the signal's number. */
export class Interrupted extends Error {
  readonly status: number;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`Stopped by ${signal}`);
    this.name = 'Interrupted';
    this.status = signal === 'SIGINT' ? 130 : 143;
  }
}

/** A wrong command line. Its code is the library's own for a wrong argument. */
export function wrongUsage(message: string): MimdetError {
  return new MimdetError('ERR_MIMDET_INVALID_ARGUMENT', message);
}

/** @returns 130 (143) after a signal, 2 for wrong usage, 3 where the machine lacks something, else 1. */
export function exitStatus(error: unknown): number {
  if (error instanceof Interrupted) return error.status;
  if (!(error instanceof MimdetError)) return 1;
  if (error.code === 'ERR_MIMDET_INVALID_ARGUMENT') return 2;
  return error.code === 'ERR_MIMDET_DEVICE' ? 3 : 1;
}

/** Code and message of any error: those that are not ours keep the system's code (ENOSPC) or are internal. */
export function describeError(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  return { code: typeof code === 'string' ? code : 'ERR_MIMDET_INTERNAL', message: message.replace(/\s*\n\s*/g, ' ') };
}

/** One line about one input that failed while the others go on. */
export function failureOf(file: string, error: unknown): string {
  const { code, message } = describeError(error);
  return `${code}: ${printable(file)}: ${message}`;
}

/** Writes `CODE: message`; a signal needs no words. MIMDET_LOG=debug adds the stack. */
export function reportError(error: unknown): void {
  if (error instanceof Interrupted) return;
  const { code, message } = describeError(error);
  process.stderr.write(`${code}: ${message}\n`);
  if (process.env['MIMDET_LOG'] === 'debug' && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
}
