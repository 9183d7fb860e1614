// Ctrl-C: the first one asks the command to stop between two lines of output, the second one ends the process at once.
import { Interrupted } from './exit.js';

/** Runs `work` with a signal that Ctrl-C (or SIGTERM) aborts with an {@link Interrupted}; a second Ctrl-C does not wait. */
export async function withInterrupts<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    const reason = new Interrupted(name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
    if (controller.signal.aborted) process.exit(reason.status);
    controller.abort(reason);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    // Whatever broke because of the signal, the signal is what the shell is told.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
