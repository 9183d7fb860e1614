// `-`: names on standard input, one a line, or ended by NUL as `find -print0` writes them. They are read as they come, so a
// list may be endless.
// Before it: the shell's pipe. After it: inputs.
import { wrongUsage } from './exit.js';

const longestName = 1 << 16;

/** Which character ends a name: no name holds a NUL, so where there is one it is that. Undefined while nothing has ended yet. */
function separatorOf(text: string): '\0' | '\n' | undefined {
  if (text.includes('\0')) return '\0';
  return text.includes('\n') ? '\n' : undefined;
}

const withoutReturn = (name: string) => (name.endsWith('\r') ? name.slice(0, -1) : name);

/** @throws ERR_MIMDET_INVALID_ARGUMENT for a "name" of more than 64 KiB: that is no list */
export async function* readList(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  let separator: '\0' | '\n' | undefined;
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    rest += String(chunk);
    separator ??= separatorOf(rest);
    const names = separator === undefined ? [rest] : rest.split(separator);
    rest = names.pop() ?? '';
    if (rest.length > longestName)
      throw wrongUsage('Expected a list of file names for `-` but received a line of more than 64 KiB');
    for (const name of names) if (withoutReturn(name)) yield withoutReturn(name);
  }
  if (withoutReturn(rest)) yield withoutReturn(rest);
}
