// The shape that every command file has: name, words for the help page, options, and one function that does it.
// `defineCommand` makes of it what yargs wants. Before it: main. After it: the command's own `run`.
import type { Argv, CommandModule, Options } from 'yargs';
import { wrongUsage } from './exit.js';
import { withInterrupts } from './interrupt.js';
import { knownOptions } from './usage.js';

export interface Command<Args> {
  name: string;
  /** What stands behind the name in the usage line, such as `INPUT…`. */
  operands: string;
  /** How many operands are allowed. */
  count: { min: number; max: number };
  /** One line for the list of commands. */
  summary: string;
  /** More for the command's own page. */
  details?: string;
  options: Record<string, Options>;
  examples: [command: string, what: string][];
  /** @returns the exit status: 0, or 1 where some input failed. */
  run(operands: string[], args: Args, signal: AbortSignal): Promise<number>;
}

export function commandName(module: CommandModule): string {
  const command = Array.isArray(module.command) ? module.command[0] : module.command;
  return String(command).split(' ')[0] ?? '';
}

/** Operands are taken from `_`: as yargs' own positionals, `-` and everything behind `--` would get lost. */
function operandsOf<Args>(command: Command<Args>, words: unknown[]): string[] {
  const operands = words.slice(1).map(String);
  const { min, max } = command.count;
  if (operands.length < min)
    throw wrongUsage(`Expected ${command.operands} for \`${command.name}\` but received ${operands.length || 'nothing'}`);
  if (operands.length > max)
    throw wrongUsage(
      `Expected ${command.operands || 'options only'} for \`${command.name}\` but received ${operands[max]} as well`,
    );
  return operands;
}

/** An option that takes one value and is given twice arrives as an array. Options with a check of their own have seen to it there. */
function checkSingle(options: Record<string, Options>, args: Record<string, unknown>): void {
  for (const [name, option] of Object.entries(options)) {
    const value = args[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
    if (Array.isArray(value) && !option.array && !option.coerce)
      throw wrongUsage(`Expected one value for \`--${name}\` but received ${value.length}`);
  }
}

function describe<Args>(yargs: Argv, command: Command<Args>): Argv {
  const text = command.details ? `${command.summary}\n\n${command.details}` : command.summary;
  knownOptions(Object.keys(command.options));
  return yargs
    .usage(`mimdet ${command.name} ${command.operands} [options]\n\n${text}`)
    .options(command.options)
    .epilogue(`Examples:\n${command.examples.map(([line, what]) => `  # ${what}\n  ${line}`).join('\n')}`);
}

export function defineCommand<Args>(command: Command<Args>): CommandModule {
  return {
    command: command.name,
    describe: command.summary,
    builder: (yargs) => describe(yargs, command),
    handler: async (args) => {
      checkSingle(command.options, args);
      const operands = operandsOf(command, args._);
      process.exitCode = await withInterrupts((signal) => command.run(operands, args as Args, signal));
    },
  };
}
