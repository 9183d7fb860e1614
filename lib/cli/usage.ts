// Wrong command lines: yargs' messages said in the project's one shape, with a suggestion where a name is misspelt.
// Before it: the parser in main. After it: exit (status 2).
import { MimdetError } from '../errors.js';
import { closest } from '../validate.js';
import { wrongUsage } from './exit.js';

let known: string[] = [];

/** The options of the command that is being parsed, for suggestions. */
export function knownOptions(names: string[]): void {
  known = [...names, 'help'];
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const flag = (name: string) => (name.length === 1 ? `-${name}` : `--${kebab(name)}`);

function unknownOption(name: string): string {
  const guess = closest(kebab(name), known);
  return `Expected an option of this command but received \`${flag(name)}\`${guess ? `; did you mean \`--${guess}\`?` : ''}`;
}

const translations: [pattern: RegExp, say: (match: RegExpExecArray) => string][] = [
  [/^Unknown arguments?: ([^,]+)/, (match) => unknownOption(match[1] ?? '')],
  [
    /^Missing required arguments?: (.+)/,
    (match) => `Expected a value for \`${flag((match[1] ?? '').split(', ')[0] ?? '')}\` but received nothing`,
  ],
  [/^Not enough arguments following: (.+)/, (match) => `Expected a value for \`${flag(match[1] ?? '')}\` but received nothing`],
  [
    /Argument: ([^,]+), Given: (.*), Choices: (.*)/s,
    (match) => `Expected one of ${match[3]} for \`${flag(match[1] ?? '')}\` but received ${match[2]}`,
  ],
];

/**
 * What the parser complains of (or what an option's own check threw) as an error of ours. Errors of a command's work pass
 * unchanged.
 */
export function usageError(message: string | null, error: Error | undefined): Error {
  if (error && (error instanceof MimdetError || error.name !== 'YError')) return error;
  const text = message ?? error?.message ?? 'Expected a command';
  for (const [pattern, say] of translations) {
    const match = pattern.exec(text);
    if (match) return wrongUsage(say(match));
  }
  return wrongUsage(text);
}

/** For a bare `mimdet` or a name that no command has. */
export function commandMissing(name: string | undefined, names: string[]): MimdetError {
  const guess = name === undefined ? undefined : closest(name, names);
  const hint = guess ? `; did you mean \`${guess}\`?` : '; `mimdet --help` lists them';
  return wrongUsage(
    `Expected a command (${names.join(', ')}) but received ${name === undefined ? 'nothing' : `\`${name}\``}${hint}`,
  );
}
