// Starts a program and waits for it. Before it: pip, archive, build-addon. After it: nothing.

import { spawn } from 'node:child_process';

export interface ProgramResult {
  status: number | null; // null: it could not be started, or a signal ended it
  output: string; // standard output and error together, the last megabyte
}

export interface ProgramOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Is given the output as it comes; without it the output is only kept. */
  echo?: ((text: string) => void) | undefined;
}

const kept = 1 << 20;

/** Never rejects: a program that is not there has status null and the reason as its output. */
export function runProgram(command: string, args: string[], { cwd, env, echo }: ProgramOptions = {}): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let output = '';
    const take = (text: string): void => {
      output = (output + text).slice(-kept);
      echo?.(text);
    };
    const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
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
