// Requests that are no HTTP, or come too slowly: answered on the bare socket, for there is no request to speak of.
// Before it: Node's parser. After it: the connection is closed.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemType } from './problems.js';

const statuses: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.destroyed || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statuses[error.code ?? ''] ?? 400;
  const title = STATUS_CODES[status]!;
  const code = 'ERR_MIMDET_INVALID_ARGUMENT';
  const detail = `Expected a whole HTTP request (${error.code ?? 'unknown'})`;
  const body = JSON.stringify({ type: `urn:mimdet:error:${code}`, title, status, detail, code });
  const head = `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  socket.end(`${head}Connection: close\r\n\r\n${body}`);
}
