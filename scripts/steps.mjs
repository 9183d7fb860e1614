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

/** Runs a program in the checkout. `quiet` keeps its output, to be shown where it fails. Resolves to its exit status and output. */
export function run(command, args, { quiet = false, env = process.env, cwd = root } = {}) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { cwd, env, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'] });
    for (const stream of quiet ? [child.stdout, child.stderr] : []) stream.on('data', (data) => (output += data));
    child.once('error', (error) => resolve({ status: 127, output: error.message }));
    child.once('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

/** Like `run`, quiet, and throws with the output where the program fails. */
export async function must(command, args, options = {}) {
  const { status, output } = await run(command, args, { ...options, quiet: true });
  if (status !== 0) throw new Error(`${output.trimEnd()}\n\`${[command, ...args].join(' ')}\` failed with status ${status}`);
  return output;
}
