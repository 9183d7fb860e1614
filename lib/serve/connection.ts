// The requests on a connection whose answers are not out: a caller may send one behind another, and closes the connection for all.
// Before it: the socket. After it: visit, socket-errors. One listener a connection: Node warns of leaks from the eleventh on.
import type { Socket } from 'node:net';

/** A request, until its answer is out. */
export interface OpenRequest {
  /** Whether some of its answer is out already. */
  readonly isAnswered: boolean;
  /** The status that goes out on the bare socket instead of an answer. */
  refusedWith: number | undefined;
  /** The connection is closed. */
  closed(): void;
}

const all = new WeakMap<Socket, Set<OpenRequest>>();

/** Whoever is in it hears when the connection closes: an answer that waits behind another has no end of its own. */
export function openRequests(socket: Socket): Set<OpenRequest> {
  return all.get(socket) ?? watch(socket);
}

function watch(socket: Socket): Set<OpenRequest> {
  const open = new Set<OpenRequest>();
  all.set(socket, open);
  socket.once('close', () => {
    for (const request of [...open]) request.closed();
  });
  return open;
}
