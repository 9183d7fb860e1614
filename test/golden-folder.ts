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

/** A folder's weights with its config.json put into the metadata: the reference's own files have none. */
export function goldenModel(folder: string): Uint8Array {
  const config = readFileSync(goldenFile(folder, 'config.json'), 'utf8');
  return withMetadata(goldenFile(folder, 'weights.safetensors'), { format: 'mimdet', version: '1', config });
}

/** The bytes of a safetensors file with these entries in its metadata, beside those that it has. */
export function withMetadata(path: string, entries: Record<string, string>): Uint8Array {
  const file = readFileSync(path);
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, headerEnd)) as Record<string, object>;
  header['__metadata__'] = { ...header['__metadata__'], ...entries };
  const text = JSON.stringify(header);
  const padded = Buffer.from(text + ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return new Uint8Array(Buffer.concat([length, padded, file.subarray(headerEnd)]));
}
