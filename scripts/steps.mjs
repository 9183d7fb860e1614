// What every script needs: where the checkout is, how to say something, how to start a program. Node's own modules alone.

import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = realpathSync(fileURLToPath(new URL('..', import.meta.url)));

/** Says what is being done. On standard error: standard output is for results. */
export function note(line) {
  process.stderr.write(`${line}\n`);
}

/** Ends a script that failed: what a person can mend without a stack. */
export function fail(error) {
  note(error.code ? `${error.code}: ${error.message}` : error.message);
  process.exitCode = 1;
}

/**
 * Runs a program in the checkout and resolves to its exit status and output. `quiet` keeps the output, to be shown
 * where it fails;
 * a program that takes longer than `limit` milliseconds is ended, with status 124.
 */
export function run(command, args, { quiet = false, env = process.env, cwd = root, limit } = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    const timer = limit && setTimeout(() => child.kill('SIGKILL'), limit);
    for (const stream of quiet ? [child.stdout, child.stderr] : [])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ status: 127, output: error.message }));
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      resolve({
        status: status ?? (signal === 'SIGKILL' && limit ? 124 : 1),
        output: signal ? `${output}\nended by ${signal}\n` : output,
      });
    });
  });
}

/** Like `run`, quiet, and throws with the output where the program fails. */
export async function must(command, args, options = {}) {
  const { status, output } = await run(command, args, { ...options, quiet: true });
  if (status !== 0) throw new Error(`${output.trimEnd()}\n\`${[command, ...args].join(' ')}\` failed with status ${status}`);
  return output;
}
