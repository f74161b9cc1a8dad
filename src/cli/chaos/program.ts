import {Command} from 'commander';
import {LabError} from '../../errors.ts';
import {FAULT_CATALOGUE} from '../../faults/catalogue.ts';
import type {FaultKind} from '../../faults/fault.ts';
import {nearest} from '../../nearest.ts';
import type {Outcome} from '../command.ts';
import {declare} from '../declare/declare.ts';
import type {RunFlags} from '../experiments/run.ts';
import type {ShrinkFlags} from '../experiments/shrink.ts';
import {parseDuration} from '../parse/duration.ts';
import {parseSeed, parseWhole} from '../parse/number.ts';
import {attributesOf, attributeText, runtimesText, valueWord} from './kinds.ts';
import type {ReportFlags} from './report.ts';
import {FAULT_WORDS} from './words.ts';

/** Flags of a fault: what all of them take, and by name what this kind takes, still as text. */
export interface FaultFlags {
  readonly for?: number;
  readonly untilCleared?: boolean;
  readonly dryRun?: boolean;
  readonly seed?: number;
}

export interface ChaosActions {
  inject(
    kind: FaultKind,
    target: string,
    flags: FaultFlags,
    rawAttributes: Readonly<Record<string, string>>,
  ): Promise<Outcome>;
  list(): Promise<Outcome>;
  clear(id: string | undefined, all: boolean): Promise<Outcome>;
  history(onlyRuns: boolean): Promise<Outcome>;
  kinds(): Promise<Outcome>;
  report(journal: string, flags: ReportFlags): Promise<Outcome>;
  run(fileOrName: string | undefined, flags: RunFlags): Promise<Outcome>;
  validate(fileOrName: string): Promise<Outcome>;
  shrink(fileOrName: string, flags: ShrinkFlags): Promise<Outcome>;
}

/** The words after `teralab chaos`, with a command per kind of fault, made from the catalogue. `write` gets what help prints. */
export function createChaosProgram(
  actions: ChaosActions,
  write: (text: string) => void,
  ended: (outcome: Outcome) => void,
): Command {
  const program = new Command('teralab chaos');
  program
    .description(
      'Inject a fault, list faults, heal them. Targets are nodes, services, links (gateway->identity, identity->*) or random.',
    )
    .usage(
      '<kind> <target> [options] | list | clear [id] | history | kinds | run [file] | validate <file> | shrink <file> | report <journal>',
    )
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureOutput({writeOut: write, writeErr: () => undefined})
    .exitOverride()
    .allowExcessArguments(true)
    .allowUnknownOption(true)
    .action(() => {
      throw unknownWord(program.args[0]);
    });
  program.commandsGroup('Faults:');
  for (const info of FAULT_CATALOGUE) {
    const command = declare(program, {
      usage: `${info.kind} <target>`,
      summary: info.does,
      more: [`Targets: ${info.targets}.`, ...runtimesText(info).map(text => `It works ${text}.`)].join(' '),
      examples: [info.example],
    });
    command.option('--for <time>', 'how long it lasts (default 30s)', raw => parseDuration(raw, '--for'));
    command.option('--until-cleared', 'it ends only when it is cleared');
    command.option('--dry-run', 'show what it would touch, change nothing');
    command.option('--seed <n>', 'repeat what an earlier one drew', parseSeed);
    const attributes = attributesOf(info);
    for (const attribute of attributes)
      command.option(`--${attribute.name} ${valueWord(attribute)}`, attributeText(attribute));
    command.action(async (target: string, flags: FaultFlags) => {
      const given = command.opts<Record<string, unknown>>();
      const raw = attributes.flatMap(({name}) => {
        const value = given[camelCase(name)];
        return typeof value === 'string' ? [[name, value] as const] : [];
      });
      ended(await actions.inject(info.kind, target, flags, Object.fromEntries(raw)));
    });
  }
  program.commandsGroup('Faults in force:');
  declare(program, {
    usage: 'list',
    summary: 'what is in force, with time left and measured effect',
    examples: ['teralab chaos list'],
  }).action(async () => ended(await actions.list()));
  declare(program, {
    usage: 'clear [id]',
    summary: 'heal one fault, or all of them',
    examples: ['teralab chaos clear --all'],
  })
    .option('--all', 'all of them, as without an id')
    .action(async (id: string | undefined, flags: {all?: boolean}) =>
      ended(await actions.clear(id, flags.all === true)),
    );
  declare(program, {
    usage: 'history',
    summary: 'what was done, and how it ended; runs of experiments too',
    examples: ['teralab chaos history', 'teralab chaos history --experiments --json'],
  })
    .option('--experiments', 'runs of experiments alone')
    .action(async (flags: {experiments?: boolean}) => ended(await actions.history(flags.experiments === true)));
  declare(program, {
    usage: 'kinds',
    summary: 'the catalogue with all attributes',
    examples: ['teralab chaos kinds --json'],
  }).action(async () => ended(await actions.kinds()));
  declareExperiments(program, actions, ended);
  declare(program, {
    usage: 'report <journal>',
    summary: 'write the report of an experiment again, as HTML and Markdown',
    more: 'The journal is a journal.json, its folder, or the id of a run. Both reports go beside it.',
    examples: [
      'teralab chaos report runs/slow-identity/journal.json',
      'teralab chaos report slow-identity --out report.md',
    ],
  })
    .option('--out <file>', 'write this file only; it ends in .html or .md')
    .action(async (journal: string, flags: ReportFlags) => ended(await actions.report(journal, flags)));
  return program;
}

/** Experiments: several faults on a timetable, with a hypothesis around them. */
function declareExperiments(program: Command, actions: ChaosActions, ended: (outcome: Outcome) => void): void {
  program.commandsGroup('Experiments:');
  declare(program, {
    usage: 'run [file]',
    summary: 'run an experiment: hypothesis, method, healing, rollbacks, hypothesis again',
    more: "A file in Chaos Toolkit's vocabulary, YAML or JSON, or the name of one that comes with teralab; without either, those are listed. Exit code 0: it completed and the hypothesis holds; 1: it failed or deviated; 3: a fault had no effect, or was taken away.",
    examples: [
      'teralab chaos run slow-identity',
      'teralab chaos run my-experiment.yaml --dry-run',
      'teralab chaos run',
    ],
  })
    .option('--dry-run', 'show the timeline and what each fault would touch, change nothing')
    .option('--seed <n>', 'repeat what an earlier run drew', parseSeed)
    .option('--journal <dir>', 'folder for its journal (default: one of its own)')
    .option('--up', 'start the system first, where it is not running')
    .action(async (fileOrName: string | undefined, flags: RunFlags) => ended(await actions.run(fileOrName, flags)));
  declare(program, {
    usage: 'validate <file>',
    summary: 'say everything that is wrong with an experiment, line by line',
    examples: ['teralab chaos validate my-experiment.yaml', 'teralab chaos validate my-experiment.yaml --json'],
  }).action(async (fileOrName: string) => ended(await actions.validate(fileOrName)));
  declare(program, {
    usage: 'shrink <file>',
    summary: 'reduce an experiment that fails to the fewest and shortest faults that still fail',
    more: 'Runs it again and again on the running system, with fewer faults, then shorter and milder ones, and writes the smallest that still fails beside it. Exit code 0: it was shrunk; 3: it does not fail.',
    examples: [
      'teralab chaos shrink my-experiment.yaml',
      'teralab chaos shrink my-experiment.yaml --runs-max 10 --seeds 2',
    ],
  })
    .option('--runs-max <n>', 'most runs, the first ones included (default 30)', raw =>
      parseWhole(raw, '--runs-max', 1, 1000),
    )
    .option('--seeds <n>', 'seeds to try each of them with until one fails (default 1)', raw =>
      parseWhole(raw, '--seeds', 1, 100),
    )
    .option('--seed <n>', 'the first of the seeds', parseSeed)
    .option('--out <file>', 'where the smallest is written (default: beside the file, as NAME.shrunk.yaml)')
    .option('--up', 'start the system first, where it is not running')
    .action(async (fileOrName: string, flags: ShrinkFlags) => ended(await actions.shrink(fileOrName, flags)));
}

function unknownWord(word: string | undefined): LabError {
  if (word === undefined) return new LabError('USAGE', 'No fault was named.');
  const close = nearest(word, FAULT_WORDS);
  return new LabError(
    'UNKNOWN_FAULT',
    `There is no fault "${word}".${close === undefined ? '' : ` Did you mean \`teralab chaos ${close}\`?`}`,
  );
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
