// Unpacks what a LibTorch comes in: LibTorch's own zip, a wheel of torch (a zip too), or a tar. Keeps include/ and lib/ alone.
// Before it: install-libtorch (has the file). After it: install-libtorch (inspects and publishes the folder).

import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { MimdetError } from '../errors.js';
import { lastLines, runProgram } from './run-program.js';

/**
 * Unpacks `archive` so that `folder` (new) has include/ and lib/. Throws ERR_MIMDET_INVALID_ARGUMENT where it holds no
 * LibTorch.
 */
export async function unpackLibtorch(archive: string, folder: string, signal?: AbortSignal): Promise<void> {
  if (!existsSync(archive)) throw badArchive(archive, 'no such file');
  await mkdir(folder, { recursive: true });
  await ((await isZip(archive)) ? unzip(archive, folder, signal) : untar(archive, folder, signal));
  if (!existsSync(join(folder, 'lib'))) throw badArchive(archive, 'an archive without libtorch/lib or torch/lib');
}

/** Fetches an archive into `file`; http and https, as fetch() does it. */
export async function download(url: string, file: string, signal?: AbortSignal): Promise<void> {
  const answer = await fetch(url, { signal }).catch((error: Error) => {
    throw badArchive(url, `no answer (${String((error.cause as Error | undefined)?.message ?? error.message)})`);
  });
  if (!answer.ok || !answer.body) throw badArchive(url, `status ${answer.status}`);
  await pipeline(Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(file), { signal });
}

/** The place of an entry below `folder`, null for what is not needed: Python files, tests, other packages. */
function wanted(name: string): string | null {
  const match = /^(?:libtorch|torch)\/((?:include|lib)\/.+|build-version)$/.exec(name);
  return match && !match[1]!.split('/').includes('..') ? match[1]! : null;
}

async function unzip(archive: string, folder: string, signal?: AbortSignal): Promise<void> {
  try {
    const zip = await openPromise(archive);
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted();
      await extract(zip, entry, folder);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw badArchive(archive, `a zip that cannot be read (${(error as Error).message})`);
  }
}

async function extract(zip: ZipFile, entry: Entry, folder: string): Promise<void> {
  const name = wanted(entry.fileName);
  if (!name || name.endsWith('/')) return;
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file, { mode: 0o644 }));
}

async function untar(archive: string, folder: string, signal?: AbortSignal): Promise<void> {
  const whole = `${folder}.whole`;
  await mkdir(whole, { recursive: true });
  try {
    const { status, output } = await runProgram('tar', ['-xf', archive, '-C', whole, '--no-same-owner'], { signal });
    if (status !== 0) throw badArchive(archive, `neither a zip nor a tar that can be read (${lastLines(output, 1)})`);
    const top = (await readdir(whole)).find((name) => name === 'libtorch' || name === 'torch');
    for (const part of top ? ['include', 'lib'] : []) await rename(join(whole, top!, part), join(folder, part));
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof MimdetError ? error : badArchive(archive, `a tar without include/ and lib/`);
  } finally {
    await rm(whole, { recursive: true, force: true });
  }
}

async function isZip(archive: string): Promise<boolean> {
  const handle = await open(archive);
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0).finally(() => handle.close());
  return buffer.readUInt32LE(0) === 0x04034b50;
}

function badArchive(archive: string, received: string): MimdetError {
  return new MimdetError(
    'ERR_MIMDET_INVALID_ARGUMENT',
    `Expected a zip or tar of LibTorch, or a wheel of torch, for \`archive\` but received '${archive}': ${received}`,
  );
}
