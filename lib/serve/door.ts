// Who gets in: nobody while the models load or the server stops, and no more bytes and pictures than there is room for.
// Before it: a request's head. After it: its body is read. A refusal comes before any work, so it costs microseconds.
import { HttpError } from './problems.js';

export type DoorState = 'loading' | 'open' | 'draining';

/** Gives back what was lent; calling it twice does no harm. */
export type Release = () => void;

/** A request that was let in. */
export interface Admitted {
  /** Its body is there: the place that was kept for it is free for `take()`. */
  arrive: Release;
  /** It has ended. */
  leave: Release;
}

export interface DoorLimits {
  /** Pictures taken and not yet answered. */
  pictures: number;
  /** Seconds that the pictures taken may need, by the time that pictures took so far; none: no limit. */
  waitSeconds?: number | undefined;
  /** Bytes of bodies in memory. */
  bytes: number;
}

/**
 * Whoever is let in will bring a picture soon, so a place is kept: without it a crowd gets in together, and is refused only when
 * all its bodies have been read. A caller that takes longer to send loses it: places are not for those who send nothing.
 */
const arrivalMs = 1000;

export class Door {
  state: DoorState = 'loading';
  #pictures = 0;
  /** Of the model, for the pictures: those in tiles take one for each. */
  #passes = 0;
  #arriving = 0;
  #bytes = 0;
  #visits = 0;
  #onEmpty: (() => void) | undefined;

  /** @param waitSeconds how long so many passes may take */
  constructor(
    readonly limits: DoorLimits,
    private readonly waitSeconds: (passes: number) => number,
  ) {}

  get pictures(): number {
    return this.#pictures;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Lets a request with that many bytes in. Throws 503. */
  enter(bytes: number): Admitted {
    if (this.state === 'loading') throw closed('The models are being loaded', { 'retry-after': '2' });
    if (this.state === 'draining') throw closed('The server is stopping', { connection: 'close' });
    this.#checkRoom(1);
    if (this.#bytes + bytes > this.limits.bytes) throw this.#full(`${this.limits.bytes} bytes`, 1);
    this.#bytes += bytes;
    this.#visits++;
    const arrive = this.#keepPlace();
    const leave = once(() => {
      arrive();
      this.#bytes -= bytes;
      if (--this.#visits === 0) this.#onEmpty?.();
    });
    return { arrive, leave };
  }

  /** @returns what gives the place back */
  #keepPlace(): Release {
    this.#arriving++;
    const giveUp = once(() => {
      clearTimeout(timer);
      this.#arriving--;
    });
    const timer = setTimeout(giveUp, arrivalMs).unref();
    return giveUp;
  }

  /** For so many pictures more. The first one always finds some: a model that is slower than the limit still answers. */
  #checkRoom(pictures: number, passes = pictures): void {
    const held = this.#pictures + this.#arriving;
    const { pictures: limit, waitSeconds } = this.limits;
    if (held + pictures > limit) throw this.#full(`${limit} pictures`, pictures);
    const ahead = this.#passes + this.#arriving;
    if (waitSeconds === undefined || held === 0 || this.waitSeconds(ahead + passes) <= waitSeconds) return;
    throw this.#full(`${waitSeconds * 1000} ms of work`, pictures);
  }

  /**
   * Takes the pictures of a request, all or none. Throws 503, or 413 for more than ever fit.
   * @param passes that they take, more than pictures where they are seen in tiles
   */
  take(pictures: number, passes = pictures): Release {
    const { pictures: limit } = this.limits;
    if (pictures > limit) {
      throw new HttpError(413, `Expected at most ${limit} pictures for \`image\` but received ${pictures}`);
    }
    this.#checkRoom(pictures, passes);
    this.#pictures += pictures;
    this.#passes += passes;
    return once(() => {
      this.#pictures -= pictures;
      this.#passes -= passes;
    });
  }

  /** Lets nobody in any more; resolves when everybody has left. */
  async drain(): Promise<void> {
    this.state = 'draining';
    if (this.#visits > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  #full(limit: string, wanted: number): HttpError {
    const message = `Expected at most ${limit} waiting for \`queue\` but received ${wanted} more`;
    const seconds = Math.min(60, Math.max(1, Math.ceil(this.waitSeconds(this.#passes))));
    return new HttpError(503, message, { 'retry-after': String(seconds) }, 'ERR_MIMDET_QUEUE_FULL');
  }
}

function closed(message: string, headers: Record<string, string>): HttpError {
  return new HttpError(503, message, headers, 'ERR_MIMDET_DISPOSED');
}

function once(give: () => void): Release {
  let done = false;
  return () => {
    if (!done) give();
    done = true;
  };
}
