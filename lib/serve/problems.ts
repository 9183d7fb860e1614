// Errors as callers see them: RFC 9457 problem documents that carry the library's own code. Before it: whatever was thrown.
// After it: the wire. Faults of ours (500) tell the caller nothing but where to look: the log has the rest.
import { STATUS_CODES } from 'node:http';
import { MimdetError, type ErrorCode } from '../errors.js';

export const problemType = 'application/problem+json';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
}

/** An error with a status of its own, such as 401, and headers that go with it. */
export class HttpError extends MimdetError {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
    code: ErrorCode = 'ERR_MIMDET_INVALID_ARGUMENT',
  ) {
    super(code, message);
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  ERR_MIMDET_INVALID_ARGUMENT: 400,
  ERR_MIMDET_DECODE: 422,
  ERR_MIMDET_QUEUE_FULL: 503,
  ERR_MIMDET_DISPOSED: 503,
  ERR_MIMDET_OUT_OF_MEMORY: 503,
  ERR_MIMDET_DEADLINE: 504,
};

const otherBody =
  'Expected multipart/form-data, application/json, image/* or application/octet-stream for `Content-Type` but received another one';

/** What is told of any thrown value. */
export function describeProblem(error: unknown, requestId: string): { problem: Problem; headers: Record<string, string> } {
  const { status, code, message, headers } = read(error);
  const detail = status === 500 ? `Something went wrong; the server's log has more under request ${requestId}` : message;
  const problem = { type: `urn:mimdet:error:${code}`, title: STATUS_CODES[status] ?? 'Error', status, detail, code };
  return { problem, headers: { ...(status === 503 && { 'retry-after': '1' }), ...headers } };
}

function read(error: unknown): { status: number; code: ErrorCode; message: string; headers?: Record<string, string> } {
  if (error instanceof HttpError) {
    return { status: error.status, code: error.code, message: error.message, headers: error.headers };
  }
  if (error instanceof MimdetError) {
    return { status: statuses[error.code] ?? 500, code: error.code, message: error.message };
  }
  // The framework's own, for bodies that are no JSON, too large, of an unknown kind …
  const { statusCode: status = 500, message } = error as { statusCode?: number; message: string };
  if (status === 415) return { status, code: 'ERR_MIMDET_INVALID_ARGUMENT', message: otherBody };
  if (status >= 400 && status < 500) return { status, code: 'ERR_MIMDET_INVALID_ARGUMENT', message };
  return { status: 500, code: 'ERR_MIMDET_INTERNAL', message };
}

/** One picture's error among the results of several. */
export function describeFailure(error: unknown): { code: ErrorCode; message: string } {
  const { code, message } = read(error);
  return { code, message: isOwnFault(error) ? "Something went wrong; the server's log has more" : message };
}

/** Whether the server is to blame, so that its log tells more than its answer. */
export const isOwnFault = (error: unknown) => read(error).status === 500;
