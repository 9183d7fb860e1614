// AbortSignal and promises: a caller who aborts hears of it at once, whatever the work underneath does.
// One listener a signal, however many calls share it: Node warns of leaks from the eleventh on.

const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `callback` when the signal aborts (at once if it has); the answer takes it back. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback();
    return () => {};
  }
  const waiting = callbacks.get(signal) ?? listen(signal);
  const entry = () => callback(); // one of its own, should the same function be given twice
  waiting.add(entry);
  return () => waiting.delete(entry);
}

function listen(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  callbacks.set(signal, waiting);
  const callAll = () => {
    for (const callback of [...waiting]) callback();
    waiting.clear();
  };
  signal.addEventListener('abort', callAll, { once: true });
  return waiting;
}

/**
 * The promise, or a rejection with `signal.reason` as soon as the signal aborts; `stop` then tells the work to end.
 * The promise's own end after an abort is ignored.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined, stop?: () => void): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const forget = onAbort(signal, () => {
      reject(signal.reason);
      stop?.();
    });
    promise.then(resolve, reject).finally(forget);
  });
}

/** A signal that aborts with either, until it is unlinked; the second itself where there is no first, since one of its own costs 0.1 ms. */
export function anySignal(first: AbortSignal | undefined, second: AbortSignal): { signal: AbortSignal; unlink: () => void } {
  return first ? linkSignals(first, second) : { signal: second, unlink: () => {} };
}

/** A signal that aborts with any of the others, until it is unlinked. (`AbortSignal.any` keeps a trace in long-lived signals.) */
export function linkSignals(...signals: (AbortSignal | undefined)[]): {
  signal: AbortSignal;
  abort: (reason?: unknown) => void;
  unlink: () => void;
} {
  const controller = new AbortController();
  const forget = signals.map((signal) => signal && onAbort(signal, () => controller.abort(signal.reason)));
  return { signal: controller.signal, abort: (reason) => controller.abort(reason), unlink: () => forget.forEach((each) => each?.()) };
}
