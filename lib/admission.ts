// Limits how much is under way at once: decoding, so that the thread pool keeps a thread for everything else, and decoded pixels
// held in memory. Who waits goes in by the order of the model's own queue (native/inference/batch_queue); waiting ends early on an abort.
import { onAbort } from './abort.js';

/** Who waits. */
export interface Standing {
  /** Higher first. */
  priority: number;
  /** Callers take turns. */
  caller: string;
}

/** A share of an Admission. */
export interface Loan {
  /** Changes the share, once its true size is known. */
  resize(units: number): void;
  /** Gives everything back; calling it twice does no harm. */
  end(): void;
}

interface Waiting extends Standing {
  units: number;
  turn: number;
  go: () => void;
}

/** Which of two goes in before the other: negative for the first. What is equal keeps the order in which it came. */
type Order = (a: Waiting, b: Waiting) => number;

const byTurn: Order = (a, b) => a.turn - b.turn;
const byPriority: Order = (a, b) => b.priority - a.priority || byTurn(a, b);

const anybody: Standing = { priority: 0, caller: '' };

/** So many go in a row past one of lower priority whose turn it is; then that one goes. */
const mostPassedOver = 16;

/**
 * `limit` units to lend; one that is larger than the limit passes alone. Higher priority first, then by turns of the callers, who
 * share the units evenly (start-time fair queueing), then first come, first served. Nobody passes one who goes first and waits for room.
 */
export class Admission {
  #used = 0;
  readonly #waiting: Waiting[] = []; // in the order of their coming
  #turn = 0; // the highest that has gone in
  readonly #turns = new Map<string, number>(); // the next one of each caller whose last is still to come
  #passedOver = 0;

  constructor(readonly limit: number) {}

  get used(): number {
    return this.#used;
  }

  /** Waits for room, then takes `units`. Rejects with `signal.reason`. */
  async enter(units: number, signal?: AbortSignal, standing: Standing = anybody): Promise<Loan> {
    signal?.throwIfAborted();
    if (this.#waiting.length === 0 && this.#fits(units)) return this.#lend(units);
    return this.#wait(units, standing, signal);
  }

  /** Runs `work` while one unit is lent. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal, standing?: Standing): Promise<T> {
    const loan = await this.enter(1, signal, standing);
    try {
      return await work();
    } finally {
      loan.end();
    }
  }

  #fits(units: number): boolean {
    return this.#used === 0 || this.#used + units <= this.limit;
  }

  #lend(units: number): Loan {
    this.#used += units;
    const resize = (to: number) => {
      this.#used += to - units;
      units = to;
      this.#letIn();
    };
    return { resize, end: () => resize(0) };
  }

  #wait(units: number, { priority, caller }: Standing, signal: AbortSignal | undefined): Promise<Loan> {
    return new Promise((resolve, reject) => {
      let forget = () => {};
      // The units are taken here, in the same tick as they were freed: a newcomer must not get in between.
      const go = () => {
        forget();
        resolve(this.#lend(units));
      };
      const entry = { units, priority, caller, turn: this.#takeTurn(caller, units), go };
      this.#waiting.push(entry);
      if (signal) {
        forget = onAbort(signal, () => {
          this.#remove(entry);
          reject(signal.reason);
          this.#letIn(); // others may fit where this one did not
        });
      }
      this.#letIn();
    });
  }

  #letIn(): void {
    while (this.#waiting.length > 0) {
      const soonest = this.#first(byTurn);
      const next = this.#passedOver < mostPassedOver ? this.#first(byPriority) : soonest;
      if (!this.#fits(next.units)) return;
      this.#passedOver = next.priority > soonest.priority ? this.#passedOver + 1 : 0;
      this.#remove(next);
      this.#passTurn(next.turn);
      next.go();
    }
  }

  #first(order: Order): Waiting {
    return this.#waiting.reduce((best, each) => (order(each, best) < 0 ? each : best));
  }

  #remove(entry: Waiting): void {
    this.#waiting.splice(this.#waiting.indexOf(entry), 1);
  }

  /** A caller that has been away starts beside those that are here, one that is here behind its own last. */
  #takeTurn(caller: string, units: number): number {
    const turn = Math.max(this.#turn, this.#turns.get(caller) ?? 0);
    this.#turns.set(caller, turn + units);
    return turn;
  }

  /** Forgets callers of whom nobody waits, so that names do not add up. */
  #passTurn(turn: number): void {
    this.#turn = Math.max(this.#turn, turn);
    for (const [caller, next] of this.#turns) if (next <= this.#turn || this.#waiting.length === 0) this.#turns.delete(caller);
  }
}
