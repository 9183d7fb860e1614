// Where an input lies: paths and file: URLs become paths, everything else is refused; and files are read whole, once,
// if they are files at all: no folder, device or pipe, which could hang a reader or never end.
import { constants, promises as fs } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from './errors.js';
import { codeOf } from './errors.js';
import { expected, Words } from './validate.js';

/** The path that a string or URL names. Throws ERR_MIMDET_INVALID_ARGUMENT for URLs other than file: and for impossible paths. */
export function toPath(location: string | URL, name: string): string {
  // A colon alone makes no URL: `scan:01.png` is a file's name.
  if (location instanceof URL || /^([a-z][a-z0-9+.-]*:\/\/|data:|file:|blob:)/i.test(location))
    return urlToPath(location, name);
  if (location === '' || location.includes('\0')) throw expected('a path', name, location);
  return location;
}

function urlToPath(location: string | URL, name: string): string {
  try {
    const url = new URL(location);
    if (url.protocol === 'file:') return fileURLToPath(url);
  } catch (error) {
    throw expected('a path or a file: URL', name, location, 'ERR_MIMDET_INVALID_ARGUMENT', error);
  }
  throw expected('a path or a file: URL (the package never uses the network)', name, location);
}

export interface ReadOptions {
  /** The argument's name in messages. */
  name: string;
  /** The code of the error where the file cannot be read. */
  code: ErrorCode;
  signal?: AbortSignal | undefined;
  /** Sees the first bytes (up to 64) and may throw, before the rest is read. */
  sniff?: (start: Uint8Array) => void;
}

/** The bytes of a regular file. */
export async function readFileOnce(path: string, options: ReadOptions): Promise<Uint8Array> {
  return withFile(path, options, (file) => file.readFile({ signal: options.signal }));
}

/** Calls `use` with a regular file, open for reading, that `sniff` let pass. */
export async function withFile<T>(path: string, options: ReadOptions, use: (file: fs.FileHandle) => Promise<T>): Promise<T> {
  const { name, code, signal } = options;
  const failed = (why: string, cause?: unknown) =>
    expected('a file that can be read', name, new Words(`${JSON.stringify(path)} (${why})`), code, cause);
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw failed(reason(error), error); // O_NONBLOCK: opening a pipe that nobody writes to must not wait
  });
  try {
    const status = await file.stat();
    if (!status.isFile()) throw failed(status.isDirectory() ? 'a folder' : 'not a regular file');
    if (options.sniff) options.sniff(await firstBytes(file));
    return await use(file);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw codeOf(error).startsWith('ERR_MIMDET') ? error : failed(reason(error), error);
  } finally {
    await file.close();
  }
}

/** Up to 64: what a `sniff` sees. */
export async function firstBytes(file: fs.FileHandle): Promise<Uint8Array> {
  const start = new Uint8Array(64);
  const { bytesRead } = await file.read(start, 0, start.length, 0); // at a position: what follows still reads from 0
  return start.subarray(0, bytesRead);
}

/** What kept a file from being read, in words. */
function reason(error: unknown): string {
  const words: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'no permission',
    EPERM: 'no permission',
    EISDIR: 'a folder',
    ENOTDIR: 'no such file',
    ELOOP: 'links in a circle',
    ENAMETOOLONG: 'the name is too long',
    ENXIO: 'not a regular file',
    ERR_FS_FILE_TOO_LARGE: 'more than 2 GiB',
  };
  return words[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}
