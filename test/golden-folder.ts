// Where the reference data of a test lie: the larger set beside the checkout where there is one, else the copy in the repository.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The folder of that name ("rle", "coco-eval/more", …), or undefined. `images` are the pictures that people bring. */
export function golden(name: string): string | undefined {
  const shared = join(root, '..', 'shared', name.startsWith('images') ? 'data' : 'golden', name);
  return [shared, join(root, 'test', 'golden', name)].find((folder) => existsSync(folder));
}

/** The parsed JSON file below a folder of reference data. Throws where it is missing: a test must not pass for want of data. */
export function goldenJson<T>(folder: string, file: string): T {
  return JSON.parse(readFileSync(goldenFile(folder, file), 'utf8')) as T;
}

/** The path of a file below a folder of reference data; see `goldenJson`. */
export function goldenFile(folder: string, file: string): string {
  const place = golden(folder);
  if (place === undefined) throw new Error(`there is no reference data ${folder}`);
  return join(place, file);
}
