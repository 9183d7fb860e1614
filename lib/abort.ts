// AbortSignal and promises: a caller who aborts hears of it at once, whatever the work underneath does.

/**
 * The promise, or a rejection with `signal.reason` as soon as the signal aborts; `onAbort` then tells the work to stop.
 * The promise's own end after an abort is ignored.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined, onAbort?: () => void): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => {
      reject(signal.reason);
      onAbort?.();
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
