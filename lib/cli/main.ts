#!/usr/bin/env node
// `mimdet`: reads the command's name, hands the rest to that command, and turns what is thrown into one line and an exit status:
// 0 done, 1 some input failed, 2 wrong usage, 3 the machine lacks something, 130 Ctrl-C. Next: one file a command (detect, …).
import yargs, { type CommandModule } from 'yargs';
import { packageVersion } from '../folders.js';
import { bench } from './bench.js';
import { commandName } from './command.js';
import { convert } from './convert.js';
import { detect } from './detect.js';
import { doctor } from './doctor.js';
import { draw } from './draw.js';
import { evaluateCommand } from './eval.js';
import { exitStatus, reportError } from './exit.js';
import { info } from './info.js';
import { serve } from './serve.js';
import { setup } from './setup.js';
import { trainCommand } from './train.js';
import { commandMissing, usageError } from './usage.js';

const commands: CommandModule[] = [detect, evaluateCommand, trainCommand, convert, info, draw, bench, serve, setup, doctor];

function parser(argv: string[]) {
  return yargs(argv)
    .scriptName('mimdet')
    .usage('mimdet <command> [inputs…] [options]\n\nFinds the instances in pictures with MIMDet models.')
    .parserConfiguration({
      'parse-positional-numbers': false,
      'greedy-arrays': false,
      'dot-notation': false,
      'strip-dashed': true,
    })
    .command(commands)
    .strictOptions()
    .locale('en')
    .exitProcess(false)
    .help()
    .alias('help', 'h')
    .version(packageVersion())
    .wrap(Math.min(process.stdout.columns || 100, 130))
    .epilogue(
      'Examples:\n  mimdet detect photos/ --weights nuclei --draw drawn/\n\n' +
        '`mimdet <command> --help` shows the options of a command and an example.',
    )
    .fail((message, error) => {
      throw usageError(message, error);
    });
}

/** The command comes first. A bare `mimdet` or a misspelt name gets a hint instead of a page of help. */
function checkCommand(argv: string[]): void {
  const names = commands.map(commandName);
  const asks = argv.some((word) => ['--help', '-h', '--version'].includes(word));
  const name = argv[0];
  if (name === undefined || (name.startsWith('-') && !asks) || (!name.startsWith('-') && !names.includes(name)))
    throw commandMissing(name, names);
}

/** A reader that has seen enough (`| head`) closes the pipe: that is no error, and there is nobody left to write to. A full disk is one. */
function endWhereNothingCanBeWritten(): void {
  process.stderr.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    reportError(error);
    process.exit(1);
  });
}

async function main(argv: string[]): Promise<void> {
  endWhereNothingCanBeWritten();
  try {
    checkCommand(argv);
    await parser(argv).parseAsync();
  } catch (error) {
    reportError(error);
    process.exitCode = exitStatus(error);
  }
}

await main(process.argv.slice(2));
