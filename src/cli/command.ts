import {CommanderError} from 'commander';
import {ERRORS, EXIT, type ExitCode, LabError, toErrorData} from '../errors.ts';
import {type Context, createContext, type GlobalOptions, lazyControllers} from './context.ts';
import {renderError} from './errors/render.ts';

/** How a command ended, where it did not throw: the names of the exit codes. */
export type Outcome = keyof typeof EXIT;

/** What the module of a command exports: arguments as declared, options last. */
export interface CommandModule<Arguments extends readonly unknown[]> {
  run(context: Context, ...rest: Arguments): Promise<Outcome>;
}

/** Clean-up after a first Ctrl-C may take this long, then the process leaves anyway. */
const INTERRUPT_BOUND_MS = 10_000;

export interface RawGlobals {
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly input?: boolean;
  readonly workspace?: string;
  readonly labs?: string;
}

/** The process around a command: its streams, its signals, its end. */
export interface Shell {
  /** Runs a command to its end and remembers how it ended. */
  run(globals: RawGlobals, command: (context: Context) => Promise<Outcome>): Promise<void>;
  /** Prints what was thrown outside of a command (by the parser) and remembers the exit code. */
  report(thrown: unknown): Promise<void>;
  /** Waits until all output is written, then ends the process. */
  leave(): Promise<never>;
}

export function createShell(argv: readonly string[]): Shell {
  const {stdout, stderr, env} = process;
  const wantsJson = argv.includes('--json');
  const interrupts = watchInterrupts();
  let exit: ExitCode = EXIT.ok;
  // A reader that has gone away (`teralab labs | head -1`) is no error of anybody's.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? exit : EXIT.internal);
    });
  }
  const report = async (thrown: unknown): Promise<void> => {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return;
    const {asLabError} = await import('./errors/as-lab-error.ts');
    const known = asLabError(thrown);
    const error = known ?? (await internalError(thrown, argv));
    exit = error.exit;
    if (wantsJson) {
      const {code, message, fix} = toErrorData(error);
      stdout.write(`${JSON.stringify({error: {code, message, fix}}, null, 2)}\n`);
    }
    if (error.code === 'INTERRUPTED') {
      interrupts.announce();
      stderr.write(`${ERRORS.INTERRUPTED.fix}\n`);
      return;
    }
    const stack = argv.includes('--debug') && thrown instanceof Error ? thrown.stack : undefined;
    const colour = env.FORCE_COLOR === undefined ? stderr.isTTY : env.FORCE_COLOR !== '0';
    stderr.write(
      `${renderError(toErrorData(error), {stack, red: text => (colour ? `\u001b[31m${text}\u001b[39m` : text)}).join('\n')}\n`,
    );
  };
  return {
    report,
    run: async (globals, command) => {
      const context = createContext({
        ...(await readGlobals(globals)),
        stdout,
        stderr,
        signal: interrupts.signal,
        controllers: lazyControllers(),
        updates: stderr.isTTY === true && env.TERM !== 'dumb',
        doing: interrupts.doing,
        withoutInterrupts: interrupts.paused,
      });
      interrupts.before(() => context.progress.stop());
      try {
        const outcome = await command(context);
        exit = EXIT[interrupts.signal.aborted ? 'interrupted' : outcome];
      } catch (error) {
        context.progress.stop();
        await report(interrupts.signal.aborted ? interrupts.signal.reason : error);
      } finally {
        context.progress.stop();
      }
    },
    leave: async () => {
      // Writes to pipes are asynchronous on some systems: an empty one is done when all before it are.
      for (const stream of [stdout, stderr]) await new Promise<void>(done => stream.write('', () => done()));
      process.exit(exit);
    },
  };
}

async function readGlobals(raw: RawGlobals): Promise<GlobalOptions> {
  // Loaded here, since `--help` needs none of it.
  const {findWorkspace} = await import('./workspace.ts');
  const {stdin, stderr, env} = process;
  const folder = raw.workspace;
  if (folder === '') throw new LabError('USAGE', '--workspace takes a folder.');
  return {
    json: raw.json === true,
    debug: raw.debug === true,
    mayAsk: stdin.isTTY === true && stderr.isTTY === true && raw.input !== false && !isSet(env.CI),
    workspace: findWorkspace(folder),
    labs: await labsFolder(raw.labs),
  };
}

/** Looked for only where one is named: most commands have none. */
async function labsFolder(named: string | undefined): Promise<string | undefined> {
  if (named === undefined && !process.env.TERALAB_LABS) return undefined;
  return (await import('./labs-folder.ts')).findLabs(named);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

async function internalError(thrown: unknown, argv: readonly string[]): Promise<LabError> {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const {writeInternalLog} = await import('./errors/internal-log.ts');
  const file = await writeInternalLog(thrown, argv);
  return new LabError('INTERNAL', `teralab ran into a bug of its own: ${message}\nThe details are in ${file}.`, {
    cause: thrown,
  });
}

interface Interrupts {
  readonly signal: AbortSignal;
  doing(what: string): void;
  /** Called before the first line about an interrupt is written. */
  before(run: () => void): void;
  /** Says what is being done about the interrupt, once. */
  announce(): void;
  paused<T>(run: () => Promise<T>): Promise<T>;
}

/** Ctrl-C says at once what it is doing and aborts the signal; a second one, or the end of the bound, leaves on the spot. */
function watchInterrupts(): Interrupts {
  const abort = new AbortController();
  let doing = 'stopping';
  let announced = false;
  let before = (): void => undefined;
  const announce = (): void => {
    if (announced) return;
    announced = true;
    before();
    process.stderr.write(`\nInterrupted: ${doing}. Ctrl-C again leaves at once.\n`);
  };
  const onSignal = (): void => {
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    announce();
    setTimeout(() => process.exit(EXIT.interrupted), INTERRUPT_BOUND_MS).unref();
    abort.abort(new LabError('INTERRUPTED', 'Interrupted.'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const listen = (): void => {
    for (const signal of signals) process.on(signal, onSignal);
  };
  listen();
  return {
    signal: abort.signal,
    announce,
    doing: what => {
      doing = what;
    },
    before: run => {
      before = run;
    },
    paused: async run => {
      for (const signal of signals) process.off(signal, onSignal);
      // The child has the terminal: its Ctrl-C must not end us before it.
      const ignore = (): void => undefined;
      process.on('SIGINT', ignore);
      try {
        return await run();
      } finally {
        process.off('SIGINT', ignore);
        listen();
      }
    },
  };
}
