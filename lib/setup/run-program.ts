// Starts a program and waits for it. Before it: pip, archive, build-addon. After it: nothing.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { onAbort } from '../abort.js';

export interface ProgramResult {
  status: number | null; // null: it could not be started, or a signal ended it
  output: string; // standard output and error together, the last megabyte
}

export interface ProgramOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Is given the output as it comes; without it the output is only kept. */
  echo?: ((text: string) => void) | undefined;
  /** Ends the program, and what it has started itself. */
  signal?: AbortSignal | undefined;
}

/** How somebody follows a program, and stops it. */
export type Watch = Pick<ProgramOptions, 'echo' | 'signal'>;

const kept = 1 << 20;

/** Rejects with `signal.reason` alone: a program that is not there has status null and the reason as its output. */
export async function runProgram(command: string, args: string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  const { signal } = options;
  signal?.throwIfAborted();
  const child = start(command, args, options);
  const forget = signal && onAbort(signal, () => endGroup(child));
  const result = await resultOf(child, options.echo);
  forget?.();
  signal?.throwIfAborted();
  return result;
}

type Program = ChildProcessByStdio<null, Readable, Readable>;

/** One that can be stopped leads a group: make and its compilers end with cmake. The others are reached by the terminal's Ctrl-C. */
function start(command: string, args: string[], { cwd, env = process.env, signal }: ProgramOptions): Program {
  return spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: signal !== undefined });
}

function endGroup({ pid }: Program): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // it has ended
  }
}

function resultOf(child: Program, echo: ProgramOptions['echo']): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let output = '';
    const take = (text: string): void => {
      output = (output + text).slice(-kept);
      echo?.(text);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.once('error', (error) => resolve({ status: null, output: error.message }));
    child.once('close', (status) => resolve({ status, output }));
  });
}

/** The last lines of an output, for a message. */
export function lastLines(output: string, count = 5): string {
  return output.trimEnd().split('\n').slice(-count).join('\n');
}
