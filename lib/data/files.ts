// Looking around in a stranger's folders: what lies where, small texts, names that stay inside.
// Before it: parts, voc, yolo. After it: the file system.
import { isUtf8 } from 'node:buffer';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { readFileOnce } from '../location.js';

const pictureNames = /\.(avif|bmp|dib|gif|jfif|jpe|jpe?g|png|tiff?|webp)$/i;

export const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isFile() ?? false;
export const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isDirectory() ?? false;
export const isPictureName = (name: string): boolean => pictureNames.test(name) && !name.startsWith('.');

/** Whether `path` lies in `folder` or is it. Both absolute. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Whether a name out of a data set stays in the folder that it is meant in. */
export const isNameInside = (folder: string, name: string): boolean =>
  !name.includes('\0') && !isAbsolute(name) && isInside(resolve(folder), resolve(folder, name));

/** Names in a folder, sorted; none where there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
}

/** All pictures below a folder, sorted by path. */
export async function picturesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory() && isPictureName(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The text of a file of at most `maxBytes`, without a byte order mark. @throws an Error with the reason */
export async function readText(path: string, maxBytes: number, signal?: AbortSignal): Promise<string> {
  const size = (await stat(path).catch(() => null))?.size ?? 0;
  if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
  const bytes = await readFileOnce(path, { name: path, code: 'ERR_MIMDET_DATASET', signal });
  if (!isUtf8(bytes)) throw new Error('bytes that are no UTF-8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .replace(/^\ufeff/, '');
}
