// Long work on the main thread, in pieces: between them the event loop serves whoever waits. Before it: draw.ts. After it: canvas.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work between two turns of the event loop. */
const sliceMs = 4;

/** Goes through the steps to their end. Rejects with `signal.reason` on an abort. */
export async function inTurns(steps: Iterator<unknown>, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  let start = performance.now();
  while (!steps.next().done) {
    if (performance.now() - start < sliceMs) continue;
    await nextTurn();
    signal?.throwIfAborted();
    start = performance.now();
  }
}
