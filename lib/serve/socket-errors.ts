// Requests that are no HTTP, or come too slowly: answered on the bare socket, for there is no request to speak of.
// Before it: Node's parser, body-pace. After it: the connection is closed.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { openRequests } from './connection.js';
import { describeProblem, HttpError, problemType } from './problems.js';

const tooSlow = 'ERR_HTTP_REQUEST_TIMEOUT';
const statuses: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, [tooSlow]: 408 };

/** Milliseconds in which the caller's machine has to take the text. */
const lingerMs = 2000;

/** Closes the connection, whatever the caller does with his side of it; what it has borrowed is given back then. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const open = [...openRequests(socket)];
  const isTold = socket.writable && error.code !== 'ECONNRESET' && !open.some(({ isAnswered }) => isAnswered);
  if (!isTold) return void socket.destroy(); // a second head in the middle of an answer would be taken for its text
  const status = statuses[error.code ?? ''] ?? 400;
  if (error.code !== 'HPE_INVALID_EOF_STATE') for (const request of open) request.refusedWith = status; // that one is a caller who left
  socket.setTimeout(lingerMs, () => socket.destroy());
  socket.end(answerOf(status, error.code), () => socket.destroy());
}

/** For a body that comes too slowly. */
export function endSlowRequest(socket: Socket): void {
  answerBrokenRequest(Object.assign(new Error('too slow'), { code: tooSlow }), socket);
}

function answerOf(status: number, reason = 'unknown'): string {
  const { problem } = describeProblem(new HttpError(status, `Expected a whole HTTP request (${reason})`), '');
  const body = JSON.stringify(problem);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${head}Connection: close\r\n\r\n${body}`;
}
