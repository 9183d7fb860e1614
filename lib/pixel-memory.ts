// What a call of `detect` holds of the memory for decoded pictures. Before it: detector.ts. After it: admission.ts.
import { Admission, type Loan, type Standing } from './admission.js';

/**
 * Bytes of decoded pictures that are being made, wait or are at work, over all detectors of this thread. Beyond it decoding pauses,
 * so that a thousand calls with large photographs do not fill the memory.
 */
export const pixelMemory = new Admission(512 * 2 ** 20);

export class PixelLoan {
  #loan: Loan | undefined;

  constructor(
    private readonly signal: AbortSignal,
    private readonly standing: Standing,
  ) {}

  /** Waits for room, once. Rejects with `signal.reason`. */
  async admit(bytes: number): Promise<void> {
    const loan = await pixelMemory.enter(bytes, this.signal, this.standing);
    if (this.signal.aborted) {
      loan.end(); // the call may have ended in between: nobody else would
      throw this.signal.reason;
    }
    this.#loan = loan;
  }

  /** Once it is known what there is. */
  resize(bytes: number): void {
    this.#loan?.resize(bytes);
  }

  end(): void {
    this.#loan?.end();
  }
}
