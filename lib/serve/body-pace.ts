// A body has to come: the door keeps room for all that was declared, and whoever sends none of it would keep the others out.
// Before it: the door. After it: the body is there, or the connection is closed with 408.
import type { IncomingMessage } from 'node:http';
import type { Release } from './door.js';
import { endSlowRequest } from './socket-errors.js';

/** Looks within a request's time. Time is counted in looks, so that a busy server does not lay its own delay at a caller's door. */
const looks = 60;

/** The first ones ask for nothing. */
const grace = 5;

/** Bytes that may have come with the head, which nobody counts. */
const withHead = 65_536;

/**
 * Closes a connection whose body falls behind the pace at which it would be whole in time: a body that could not be whole in time anyway.
 * @param length bytes that the door keeps room for
 * @param requestMs a request's time
 * @returns what ends the watch
 */
export function watchPace(request: IncomingMessage, length: number, requestMs: number): Release {
  const { socket } = request;
  const start = socket.bytesRead;
  let looked = 0;
  const timer = setInterval(() => {
    const due = (length * (++looked - grace)) / looks - withHead;
    const isBehind = !request.complete && socket.bytesRead - start < due;
    if (isBehind || request.complete) clearInterval(timer);
    if (isBehind) endSlowRequest(socket);
  }, requestMs / looks).unref();
  return () => clearInterval(timer);
}
