// Where results go: standard output, or the file of `--out`. A text is written whole before the next, so a stop leaves
// complete lines.
import { constants, open, type FileHandle } from 'node:fs/promises';
import { wrongUsage } from './exit.js';

export interface Output {
  readonly isTerminal: boolean;
  /** Resolves when the text has been handed to the system: the reader's pace is ours. */
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

function standardOutput(): Output {
  const write = (text: string) =>
    new Promise<void>((resolve) => {
      // A broken pipe is dealt with once, in main; every other failure ends the process there too.
      process.stdout.write(text, () => resolve());
    });
  return { isTerminal: Boolean(process.stdout.isTTY), write, close: async () => {} };
}

function fileOutput(file: FileHandle): Output {
  let emptied: Promise<void> | undefined;
  const write = async (text: string) => {
    await (emptied ??= empty(file));
    await file.appendFile(text);
  };
  return { isTerminal: false, write, close: () => file.close() };
}

/** Pipes and devices hold nothing that could be taken away. */
async function empty(file: FileHandle): Promise<void> {
  if ((await file.stat()).isFile()) await file.truncate();
}

/**
 * @param path a file that is made now, and emptied by the first text: what was there stays where no result comes, for a model that does
 *   not load, say. `-` or nothing: standard output
 * @throws ERR_MIMDET_INVALID_ARGUMENT where the file cannot be written, before any work is done
 */
export async function openOutput(path: string | undefined, option = '--out'): Promise<Output> {
  if (path === undefined || path === '-') return standardOutput();
  try {
    return fileOutput(await open(path, constants.O_WRONLY | constants.O_CREAT));
  } catch (error) {
    throw wrongUsage(
      `Expected a file that can be written for \`${option}\` but received ${path} (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

/** Writes one text to standard output, or to a file where one is named. */
export async function writeOut(text: string, path?: string, option?: string): Promise<void> {
  const output = await openOutput(path, option);
  await output.write(text);
  await output.close();
}
