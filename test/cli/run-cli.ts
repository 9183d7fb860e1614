// Runs the built command line as a user does: a process of its own, with its own folder.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const main = join(root, 'dist/cli/main.js');
export const pictures = join(root, 'examples/pictures');

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  input?: string;
  env?: Record<string, string>;
  /** Called with the running process and everything that it has written to standard output so far. */
  onOutput?: (child: ChildProcessWithoutNullStreams, stdout: string) => void;
}

/** No run of a test takes longer; a hang fails instead of stopping everything. */
const limitMs = 120_000;

export function mimdet(args: string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd ?? root,
    env: { ...process.env, MIMDET_DEVICE: 'cpu', MIMDET_THREADS: '1', NO_COLOR: '', ...options.env },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const outcome: Outcome = { status: null, stdout: '', stderr: '' };
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    outcome.stdout += text;
    options.onOutput?.(child, outcome.stdout);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ ...outcome, status }));
  });
}

/** An empty folder for one test file, gone afterwards. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mimdet-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder with the example pictures under `pics/`. */
export function scratchWithPictures(): string {
  const folder = scratch();
  cpSync(pictures, join(folder, 'pics'), { recursive: true });
  return folder;
}

export const lines = (text: string): string[] => text.split('\n').filter(Boolean);
export const jsonLines = <T>(text: string): T[] => lines(text).map((line) => JSON.parse(line) as T);
