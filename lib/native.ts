// Loads the addon, once, when it is first needed: importing the package works without LibTorch.
// Before it: libtorch.ts finds LibTorch, addon-file.ts the addon. After it: whoever needs native code calls `addon()`.
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { abortable, onAbort } from './abort.js';
import { findAddon } from './addon-file.js';
import { codeOf, MimdetError, toMimdetError } from './errors.js';
import { findLibtorch, type Libtorch } from './libtorch.js';
import type { NativeAddon } from './native-types.js';

let loaded: NativeAddon | undefined;

/** The addon. Throws ERR_MIMDET_DEVICE with the command that mends it where LibTorch or the addon is missing or does not fit. */
export function addon(): NativeAddon {
  loaded ??= load();
  return loaded;
}

function load(): NativeAddon {
  const libtorch = findLibtorch();
  const file = findAddon(libtorch);
  try {
    openLibtorch(libtorch);
    return createRequire(import.meta.url)(file) as NativeAddon;
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const mend = '`npx mimdet setup` builds it anew, `npx mimdet doctor` shows more';
    throw new MimdetError('ERR_MIMDET_DEVICE', `Expected an addon that loads but received ${file}: ${why}. ${mend}`, {
      cause: error,
    });
  }
}

const keepLoaded = 0x1000; // RTLD_NODELETE, which Node has no name for

/**
 * Opens the LibTorch that was found. The addon names libtorch_cpu.so as a dependency, and the loader takes a library of that
 * name that is open already, wherever it lies: so the addon works on machines whose LibTorch lies elsewhere than the builder's.
 */
function openLibtorch(libtorch: Libtorch): void {
  const file = join(libtorch.folder, 'lib', 'libtorch_cpu.so');
  try {
    process.dlopen({ exports: {} }, file, constants.dlopen.RTLD_NOW | keepLoaded);
  } catch (error) {
    // Opened, and no addon itself: that is the expected answer.
    if (!String(error).includes('self-register')) throw error;
  }
}

let jobs = 0;

/** A number for a cancellable call. No two threads of the process hand out the same. */
function newJob(): number {
  return threadId * 2 ** 32 + ++jobs;
}

/** Calls the addon; its errors come out as MimdetErrors. */
export function callNative<T>(call: (native: NativeAddon) => T): T {
  const native = addon();
  try {
    return call(native);
  } catch (error) {
    throw toMimdetError(error);
  }
}

/**
 * Calls the addon for a promise; an abort cancels the job and rejects with `signal.reason` at once.
 * @param discard gets a result that came all the same after an abort
 */
export async function runNative<T>(
  call: (job: number, native: NativeAddon) => Promise<T>,
  signal: AbortSignal | undefined,
  discard?: (late: T) => unknown,
): Promise<T> {
  signal?.throwIfAborted();
  const native = addon();
  const job = newJob();
  const work = call(job, native).catch((error: unknown) => {
    throw toMimdetError(error);
  });
  return abortable(work, signal, () => {
    native.cancel(job);
    if (discard) work.then(discard).catch(() => {}); // it was cancelled, as asked
  });
}

/**
 * As {@link runNative}, for work whose end must be known: an abort cancels the job, and the promise settles when the work has ended.
 * What was done before the cancel reached it is returned; else it rejects with `signal.reason`.
 */
export async function finishNative<T>(
  call: (job: number, native: NativeAddon) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  const native = addon();
  const job = newJob();
  const forget = signal && onAbort(signal, () => native.cancel(job));
  try {
    return await call(job, native);
  } catch (error) {
    throw signal?.aborted && codeOf(error) === 'CANCELLED' ? signal.reason : toMimdetError(error);
  } finally {
    forget?.();
  }
}
