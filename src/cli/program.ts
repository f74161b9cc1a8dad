import {Command} from 'commander';
import {LabError} from '../errors.ts';
import {nearest} from '../nearest.ts';
import type {RawGlobals, Shell} from './command.ts';
import {declareLabs} from './declare/labs.ts';
import {declareSystem} from './declare/system.ts';
import {declareTools} from './declare/tools.ts';

/** The whole command line. Declares everything, loads nothing of what a command needs to run. */
export function createProgram(shell: Shell, version: string): Command {
  const program = new Command('teralab');
  program
    .description(
      'A distributed-systems lab in your terminal: a real microservice system, real faults, exercises judged by measurement.',
    )
    .usage('[options] [command]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({showGlobalOptions: true, sortSubcommands: false, styleTitle: title => title})
    .configureOutput({writeErr: () => undefined})
    .exitOverride()
    .allowExcessArguments(true)
    .allowUnknownOption(true)
    .optionsGroup('Options everywhere:')
    .option('--json', 'one JSON document on stdout and nothing else (JSON Lines for streams)')
    .option('--workspace <dir>', 'folder of your files (default: ./teralab)')
    .option('--labs <dir>', 'labs of another folder or package, besides those of teralab')
    .option('--no-input', 'never ask anything')
    .option('--no-color', 'no colours')
    .option('--debug', 'stack traces with errors')
    .addHelpText('after', FIRST_STEPS)
    .action(async () => bare(program, shell));
  declareLabs(program, shell);
  declareSystem(program, shell);
  declareTools(program, shell);
  return program;
}

const FIRST_STEPS = `
First steps:
  $ teralab demo            the whole loop, hands off, in about a minute
  $ teralab start           the system, the path and the first lab
  $ teralab help exit-codes what scripts can rely on`;

/** `teralab` alone: the screen on a terminal; elsewhere help, and the exit code of a usage error. */
async function bare(program: Command, shell: Shell): Promise<void> {
  const [word] = program.args;
  if (word !== undefined) throw unknownWord(program, word);
  if (process.stdin.isTTY === true && process.stdout.isTTY === true) {
    await shell.run(program.opts<RawGlobals>(), async context =>
      (await import('./commands/start.ts')).run(context, undefined, {}),
    );
    return;
  }
  if (program.opts<RawGlobals>().json !== true) program.outputHelp();
  throw new LabError('USAGE', 'No command was given.');
}

function unknownWord(program: Command, word: string): LabError {
  if (word.startsWith('-')) {
    const close = nearest(
      word,
      program.options.flatMap(option => option.long ?? []),
    );
    return new LabError('USAGE', `There is no option ${word}.${close === undefined ? '' : ` Did you mean ${close}?`}`);
  }
  const close = nearest(
    word,
    program.commands.map(command => command.name()),
  );
  return new LabError(
    'UNKNOWN_COMMAND',
    `There is no command "${word}".${close === undefined ? '' : ` Did you mean \`teralab ${close}\`?`}`,
  );
}
