// The members of a large JSON document's lists, one after the other: the file is never held as a whole, so that half a gigabyte
// of annotations opens in the memory of its objects. The frame (`{"images": […], …}`) is read here, a member by JSON.parse.
// Before it: a COCO JSON. After it: coco.
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';

/** What a list's name led to. */
export type ListKind = 'list' | 'other';

/** Gets a member of the list `key`, counted from 0. */
export type OnElement = (key: string, element: unknown, index: number) => void;

/** Why a document is no JSON, or none of this frame. */
export class MalformedJson extends Error {}

const longestElement = 1 << 28;
const byte = (letter: string) => letter.charCodeAt(0);
const [quote, backslash, comma, colon] = [byte('"'), byte('\\'), byte(','), byte(':')];
const [openBrace, closeBrace, openBracket, closeBracket] = [byte('{'), byte('}'), byte('['), byte(']')];
const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Inside a value only these bytes matter: quotes, backslashes, brackets. */
const matters = new Uint8Array(256);
for (const code of [quote, backslash, openBrace, closeBrace, openBracket, closeBracket]) matters[code] = 1;

/**
 * A member as a value. `NaN` and `Infinity`, which Python writes, come as texts, so that they are told as faults of their member.
 * @throws MalformedJson
 */
export function parseElement(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new MalformedJson('bytes that are no UTF-8');
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    const named = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:Infinity|NaN)\b/g, (token) =>
      token.startsWith('"') ? token : JSON.stringify(token),
    );
    if (named === text) throw new MalformedJson((error as Error).message);
    try {
      return JSON.parse(named);
    } catch {
      throw new MalformedJson((error as Error).message);
    }
  }
}

type Stage = 'top' | 'key' | 'colon' | 'value' | 'comma' | 'element' | 'element-comma' | 'end';

/** Takes a document in pieces. `#at` is where reading goes on in `#bytes`, `#start` where the open token starts. */
class Scanner {
  readonly kinds = new Map<string, ListKind>();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #start = -1;
  #depth = 0; // open brackets of the value that is being passed over
  #inString = false;
  #escaped = false;
  #stage: Stage = 'top';
  #key = '';
  #index = 0;

  constructor(
    private readonly wanted: ReadonlySet<string>,
    private readonly onElement: OnElement,
  ) {}

  push(chunk: Buffer): void {
    const from = this.#start >= 0 ? this.#start : this.#at;
    const rest = this.#bytes.subarray(from);
    if (rest.length > longestElement) throw new MalformedJson(`a member of more than ${longestElement} bytes`);
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#at -= from;
    if (this.#start >= 0) this.#start = 0;
    this.#scan();
  }

  /** @throws MalformedJson for a document that has not ended */
  finish(): void {
    if (this.#stage !== 'end') throw new MalformedJson(this.#stage === 'top' ? 'nothing' : 'an end in the middle');
  }

  #scan(): void {
    while (this.#at < this.#bytes.length) {
      if (this.#start >= 0) {
        if (!this.#passValue()) return;
        continue;
      }
      const code = this.#bytes[this.#at]!;
      if (isSpace(code)) this.#at++;
      else this.#step(code);
    }
  }

  /** One byte of the frame. */
  #step(code: number): void {
    const stage = this.#stage;
    if (stage === 'top') return this.#expect(code, openBrace, 'key');
    if (stage === 'key' && code === closeBrace && this.kinds.size === 0) return this.#advance('end');
    if (stage === 'key' && code !== quote) throw this.#unexpected(code);
    if (stage === 'colon') return this.#expect(code, colon, 'value');
    if (stage === 'comma') return code === closeBrace ? this.#advance('end') : this.#expect(code, comma, 'key');
    if (stage === 'element-comma') return code === closeBracket ? this.#advance('comma') : this.#expect(code, comma, 'element');
    if (stage === 'end') throw new MalformedJson('more after its end');
    if (stage === 'value' && this.wanted.has(this.#key) && code === openBracket) return this.#openList();
    if (stage === 'element' && code === closeBracket && this.#index === 0) return this.#advance('comma');
    if (code === comma || code === colon || code === closeBrace || code === closeBracket) throw this.#unexpected(code);
    this.#start = this.#at;
  }

  #advance(stage: Stage): void {
    this.#stage = stage;
    this.#at++;
  }

  #expect(code: number, wanted: number, next: Stage): void {
    if (code !== wanted) throw this.#unexpected(code);
    this.#advance(next);
  }

  #unexpected(code: number): MalformedJson {
    const where = this.#stage === 'top' ? 'at the top' : `after ${this.#index} members of \`${this.#key}\``;
    return new MalformedJson(`${JSON.stringify(String.fromCharCode(code))} ${where}`);
  }

  #openList(): void {
    this.kinds.set(this.#key, 'list');
    this.#index = 0;
    this.#advance('element');
  }

  /** Goes on to the end of the value at `#start`. @returns false where the bytes end before it does */
  #passValue(): boolean {
    const bytes = this.#bytes;
    for (let at = this.#at; at < bytes.length; at++) {
      const code = bytes[at]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (code === backslash) this.#escaped = true;
        else if (code === quote) {
          this.#inString = false;
          if (this.#depth === 0) return this.#close(at + 1);
        }
      } else if (matters[code] === 0) {
        if (this.#depth === 0 && (code === comma || code === colon || isSpace(code))) return this.#close(at);
      } else if (code === quote) this.#inString = true;
      else if (code === openBrace || code === openBracket) this.#depth++;
      else if (code !== backslash) {
        if (this.#depth === 0) return this.#close(at); // the list's own bracket ends a number
        if (--this.#depth === 0) return this.#close(at + 1);
      }
    }
    this.#at = bytes.length;
    return false;
  }

  #close(end: number): true {
    const value = this.#bytes.subarray(this.#start, end);
    this.#start = -1;
    this.#at = end;
    if (this.#stage === 'key') {
      this.#key = String(parseElement(value));
      this.#stage = 'colon';
    } else if (this.#stage === 'value') {
      this.kinds.set(this.#key, 'other');
      this.#stage = 'comma';
    } else {
      this.onElement(this.#key, parseElement(value), this.#index++);
      this.#stage = 'element-comma';
    }
    return true;
  }
}

/**
 * Reads a JSON object from a file and hands over the members of the lists named `wanted`; what else it holds is passed over.
 * @returns for each key of the object whether it was such a list
 * @throws MalformedJson, or what the file system says
 */
export async function readElements(
  path: string,
  wanted: ReadonlySet<string>,
  onElement: OnElement,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ListKind>> {
  const scanner = new Scanner(wanted, onElement);
  let first = true;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal }) as AsyncIterable<Buffer>) {
    const hasMark = first && chunk.length >= 3 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
    scanner.push(hasMark ? chunk.subarray(3) : chunk);
    first = false;
  }
  scanner.finish();
  return scanner.kinds;
}
