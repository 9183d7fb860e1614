// What a model is loaded from: a bundled name, a path, a file: URL, or bytes. Before it: Detector.load. After it: the addon.
import { existsSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageRoot } from './folders.js';
import { toPath } from './location.js';
import { closest, copyOf, expected, Words } from './validate.js';

/** A bundled name, the path or file: URL of a .safetensors file, or its bytes. */
export type ModelSource = string | URL | Uint8Array;

const suffix = '.safetensors';

/** Names of the models that come with the package. */
export function bundledModels(): string[] {
  const folder = join(packageRoot, 'models');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => file.endsWith(suffix)).map((file) => basename(file, suffix));
}

/**
 * The path or bytes for the addon. A bundled name goes before a file of that name (write `./name` for the file).
 * Rejects with ERR_MIMDET_WEIGHTS where there is no such file.
 */
export async function resolveModel(source: ModelSource): Promise<string | Uint8Array> {
  if (source instanceof Uint8Array) return copyOf(source, 'source');
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw expected('a bundled name, a path, a file: URL or a Uint8Array', 'source', source);
  }
  const names = bundledModels();
  if (typeof source === 'string' && names.includes(source)) return join(packageRoot, 'models', source + suffix);
  const path = toPath(source, 'source');
  const status = await stat(path).catch(() => undefined);
  if (status?.isFile()) return path;
  const near = status ? undefined : closest(path, names);
  const why = status ? 'not a regular file' : near ? `no such file; did you mean "${near}"?` : 'no such file';
  const what = `a bundled name (${names.join(', ')}) or a file of weights`;
  throw expected(what, 'source', new Words(`${JSON.stringify(path)} (${why})`), 'ERR_MIMDET_WEIGHTS');
}
