// Limits how much is under way at once: places are given out first come, first served; waiting ends early on an abort.
// Used for decoding (so that the thread pool keeps a thread for everything else) and for decoded pixels held in memory.
import { onAbort } from './abort.js';

/** A share of an Admission. */
export interface Loan {
  /** Changes the share, once its true size is known. */
  resize(units: number): void;
  /** Gives everything back; calling it twice does no harm. */
  end(): void;
}

/** `limit` units to lend. Whoever comes while anything is left gets in, so that one larger than the limit passes, alone. */
export class Admission {
  #used = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly limit: number) {}

  get used(): number {
    return this.#used;
  }

  /** Waits until something is left, then takes `units`. Rejects with `signal.reason`. */
  async enter(units: number, signal?: AbortSignal): Promise<Loan> {
    signal?.throwIfAborted();
    if (this.#used < this.limit && this.#waiting.length === 0) return this.#lend(units);
    return this.#turn(units, signal);
  }

  /** Runs `work` while one unit is lent. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const loan = await this.enter(1, signal);
    try {
      return await work();
    } finally {
      loan.end();
    }
  }

  #lend(units: number): Loan {
    this.#used += units;
    const resize = (to: number) => {
      this.#used += to - units;
      units = to;
      while (this.#used < this.limit && this.#waiting.length > 0) this.#waiting.shift()!();
    };
    return { resize, end: () => resize(0) };
  }

  #turn(units: number, signal: AbortSignal | undefined): Promise<Loan> {
    return new Promise((resolve, reject) => {
      let forget = () => {};
      // The units are taken here, in the same tick as they were freed: a newcomer must not get in between.
      const go = () => {
        forget();
        resolve(this.#lend(units));
      };
      this.#waiting.push(go);
      if (!signal) return;
      forget = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal.reason);
      });
    });
  }
}
