// Bearer tokens: one of a file's lines must come with the request. Before it: `--token-file`. After it: the door.
// Tokens are compared by their digests, all of them, in a time that does not depend on what was sent.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { codeOf } from '../errors.js';
import { expected, Words } from '../validate.js';
import { HttpError } from './problems.js';

/** Lines of a token file; empty ones and those that begin with # are none. Throws ERR_MIMDET_INVALID_ARGUMENT. */
export async function readTokens(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw expected('a file that can be read', '--token-file', new Words(`${file} (${codeOf(error)})`));
  });
  const lines = text.split('\n').map((line) => line.trim());
  const tokens = lines.filter((line) => line && !line.startsWith('#'));
  if (tokens.length === 0) throw expected('a file with a token on a line', '--token-file', new Words(`${file} (none in it)`));
  return tokens;
}

const digest = (token: string) => createHash('sha256').update(token).digest();

/** Of an Authorization header; empty where it has none. */
const tokenOf = (authorization: string | undefined) => /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';

/** Whom the server works for: the holder of a token where it wants one (`tokens`), else an address. */
export function callerName(tokens: readonly string[], authorization: string | undefined, address: string): string {
  return tokens.length > 0 ? digest(tokenOf(authorization)).toString('base64') : address;
}

/** A check of a request's Authorization header; throws 401. */
export function tokenCheck(tokens: readonly string[]): (authorization: string | undefined) => void {
  const known = tokens.map(digest);
  return (authorization) => {
    if (known.length === 0) return;
    const sent = digest(tokenOf(authorization));
    const matches = known.filter((each) => timingSafeEqual(each, sent)); // no early end
    if (matches.length > 0) return;
    const received = authorization === undefined ? 'none' : 'another one';
    throw new HttpError(401, `Expected a bearer token that is known for \`Authorization\` but received ${received}`, {
      'www-authenticate': 'Bearer realm="mimdet"',
    });
  };
}
