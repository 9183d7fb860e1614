// One request, from its head to the last byte of its answer (or to the caller's leaving): its clock, the signal that ends its work,
// and what has to be given back. Before it: connection. After it: log, metrics.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { openRequests, type OpenRequest } from './connection.js';
import type { Release } from './door.js';

/** The caller closed the connection before the answer was out. */
export class CallerLeft extends Error {
  constructor() {
    super('The caller closed the connection');
    this.name = 'CallerLeft';
  }
}

export class Visit implements OpenRequest {
  readonly start = performance.now();
  /** For the log and the metrics. */
  model: string | undefined;
  pictures = 0;
  code: string | undefined;
  refusedWith: number | undefined;
  /** Gives back the place that the door keeps until the body is there. */
  arrive: Release = () => {};
  readonly #answer: ServerResponse;
  readonly #leave = new AbortController();
  #atEnd: Release[] | undefined = [];

  /** @param onEnd gets the status that was sent, 499 where the caller left before; called once */
  constructor({ socket }: IncomingMessage, answer: ServerResponse, onEnd: (status: number) => void) {
    this.#answer = answer;
    const open = openRequests(socket).add(this);
    this.keep(() => open.delete(this));
    this.keep(() => onEnd(this.#status()));
    answer.once('finish', () => this.#end(socket.destroyed)); // a connection that is destroyed ends its answer too
    answer.once('close', () => this.#end(true));
  }

  get isAnswered(): boolean {
    return this.#answer.headersSent;
  }

  closed(): void {
    this.#end(true);
  }

  /** The first time counts. */
  #end(hasLeft: boolean): void {
    const releases = this.#atEnd;
    if (!releases) return;
    this.#atEnd = undefined;
    if (hasLeft) this.#leave.abort(new CallerLeft());
    for (const release of releases) release();
  }

  #status(): number {
    if (!this.hasLeft) return this.#answer.statusCode;
    return this.refusedWith ?? 499;
  }

  /** Nobody hears an answer any more. */
  get hasLeft(): boolean {
    return this.#leave.signal.aborted;
  }

  /** Aborts when the caller leaves. */
  get signal(): AbortSignal {
    return this.#leave.signal;
  }

  get elapsedMs(): number {
    return performance.now() - this.start;
  }

  /** Keeps something to give back when the visit ends; at once where it has. */
  keep(release: Release): void {
    if (this.#atEnd) this.#atEnd.push(release);
    else release();
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    visit: Visit;
  }
}
