// What ends a call of `detect`: its caller, the detector, or its deadline. Before it: detector.ts. After it: every station of the call.
import { anySignal, linkSignals } from './abort.js';
import type { MimdetError } from './errors.js';
import { expected, Words } from './validate.js';

export interface CallSignal {
  signal: AbortSignal;
  /** From here on somebody else watches the deadline. */
  stopTimer(): void;
  /** The call has ended. */
  unlink(): void;
}

/** A signal that aborts with the caller's, with the detector's, and with ERR_MIMDET_DEADLINE `deadlineMs` from now. */
export function callSignal(caller: AbortSignal | undefined, detector: AbortSignal, deadlineMs: number | undefined): CallSignal {
  if (deadlineMs === undefined) return { ...anySignal(caller, detector), stopTimer: () => {} };
  const { signal, abort, unlink } = linkSignals(caller, detector);
  const timer = setTimeout(() => abort(late(deadlineMs)), deadlineMs);
  const stopTimer = () => clearTimeout(timer);
  return {
    signal,
    stopTimer,
    unlink: () => {
      stopTimer();
      unlink();
    },
  };
}

/** What is left of a deadline after so many milliseconds; 0 where there is none. Throws ERR_MIMDET_DEADLINE where it has passed. */
export function timeLeft(deadlineMs: number | undefined, spentMs: number): number {
  if (deadlineMs === undefined) return 0;
  if (deadlineMs > spentMs) return deadlineMs - spentMs;
  throw late(deadlineMs);
}

function late(deadlineMs: number): MimdetError {
  return expected(`a result within ${deadlineMs} ms`, 'deadlineMs', new Words('none'), 'ERR_MIMDET_DEADLINE');
}
