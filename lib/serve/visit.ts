// One request, from its head to the last byte of its answer (or to the caller's leaving): its clock, the signal that ends its work,
// and what has to be given back. Before it: the socket. After it: log, metrics.
import { finished } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Release } from './door.js';

/** The caller closed the connection before the answer was out. */
export class CallerLeft extends Error {
  constructor() {
    super('The caller closed the connection');
    this.name = 'CallerLeft';
  }
}

export class Visit {
  readonly start = performance.now();
  /** For the log and the metrics. */
  model: string | undefined;
  pictures = 0;
  code: string | undefined;
  /** Gives back the place that the door keeps until the body is there. */
  arrive: Release = () => {};
  readonly #leave = new AbortController();
  readonly #atEnd: Release[] = [];

  /** @param onEnd gets the status that was sent, 499 where the caller left before */
  constructor(reply: FastifyReply, onEnd: (status: number) => void) {
    finished(reply.raw, (error) => {
      const left = Boolean(error);
      if (left) this.#leave.abort(new CallerLeft());
      for (const release of this.#atEnd) release();
      onEnd(left ? 499 : reply.raw.statusCode);
    });
  }

  /** Aborts when the caller leaves. */
  get signal(): AbortSignal {
    return this.#leave.signal;
  }

  get elapsedMs(): number {
    return performance.now() - this.start;
  }

  /** Keeps something to give back when the visit ends. */
  keep(release: Release): void {
    this.#atEnd.push(release);
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    visit: Visit;
  }
}
