// What a user names as input (files, folders, globs, `-` for a list on standard input) becomes one picture after the other,
// in order.
// Before it: the command line. After it: `Detector.detectMany`. Whether a file is a picture is the decoder's business.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob, isDynamicPattern } from 'tinyglobby';
import { isPictureName } from '../data/files.js';
import { MimdetError } from '../errors.js';
import { wrongUsage } from './exit.js';
import { readList } from './list-reader.js';

/** A picture to look at, or an input that leads to none, with the reason. */
export interface Item {
  file: string;
  error?: MimdetError;
}

export interface InputOptions {
  recursive: boolean;
  stdin: NodeJS.ReadableStream;
}

/** Everything that `inputs` name. Folders give their pictures by the order of their names, globs all that matches. */
export async function* expandInputs(inputs: Iterable<string>, options: InputOptions): AsyncGenerator<Item> {
  for (const input of inputs) {
    if (input === '-') for await (const line of readList(options.stdin)) yield* expandPath(line, options.recursive);
    else if (/^https?:\/\//i.test(input)) yield refused(input, 'a file, a folder or a pattern', 'a web address (fetch it first)');
    else yield* expandOne(input.startsWith('file:') ? fromUrl(input) : input, options.recursive);
  }
}

function refused(file: string, what: string, received: string): Item {
  return { file, error: wrongUsage(`Expected ${what} for \`inputs\` but received ${received}`) };
}

function fromUrl(input: string): string {
  try {
    return fileURLToPath(input);
  } catch {
    throw wrongUsage(`Expected a file on this machine for \`inputs\` but received ${input}`);
  }
}

/** A name that exists is that file, even where it looks like a pattern: `a[1].png`. */
async function* expandOne(input: string, recursive: boolean): AsyncGenerator<Item> {
  const isPattern = /[*?[\]{}()!]/.test(input) && isDynamicPattern(input);
  if (!isPattern || (await stat(input).catch(() => null))) return yield* expandPath(input, recursive);
  const files = await matches(input);
  if (files.length === 0) yield refused(input, 'a pattern that matches a file', 'one that matches none');
  for (const file of files) yield { file };
}

/** A file as it is, a folder as its pictures. A path that does not exist is passed on: reading it says so. */
async function* expandPath(path: string, recursive: boolean): AsyncGenerator<Item> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return yield { file: path };
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive });
    const pictures = entries.filter((entry) => isPictureName(entry.name) && !entry.isDirectory());
    const files = pictures.map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort(byCodePoint)) yield { file };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    yield {
      file: path,
      error: new MimdetError(
        'ERR_MIMDET_DECODE',
        `Expected a folder that can be read for \`inputs\` but received ${path} (${reason})`,
      ),
    };
  }
}

const byCodePoint = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The part before the first segment with a wildcard stays as it was typed, as a shell would leave it. */
async function matches(pattern: string): Promise<string[]> {
  const segments = pattern.split('/');
  const dynamic = segments.findIndex((segment) => isDynamicPattern(segment) || /[{}]/.test(segment));
  const folder = segments.slice(0, Math.max(0, dynamic)).join('/');
  const prefix = folder || dynamic === 0 ? folder : '/';
  const rest = segments.slice(Math.max(0, dynamic)).join('/');
  const files = await glob(rest, { cwd: prefix || '.', expandDirectories: false, absolute: false });
  return files.map((file) => (prefix ? `${prefix.replace(/\/$/, '')}/${file}` : file)).sort(byCodePoint);
}
