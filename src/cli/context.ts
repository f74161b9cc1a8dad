import type {ControllerClient} from '../controller/connection.ts';
import {createProgress, type Progress} from './output/progress.ts';
import {widthOf} from './output/text.ts';

/** Finds and starts controllers; a fake of it is all that a test of a command needs. */
export interface Controllers {
  find(workspace: string, say?: (line: string) => void): Promise<ControllerClient | undefined>;
  ensure(workspace: string, say: (line: string) => void): Promise<ControllerClient>;
  list(): Promise<readonly {readonly workspace: string; readonly session: string; readonly pid: number}[]>;
}

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface GlobalOptions {
  readonly json: boolean;
  readonly debug: boolean;
  /** Absolute path of the learner's folder. */
  readonly workspace: string;
  /** Folder of labs besides those that come with teralab; absolute. */
  readonly labs?: string | undefined;
  /** Prompts are allowed: a terminal on both sides, no `--no-input`, no CI. */
  readonly mayAsk: boolean;
}

/** What every command works with. Data goes to `line`, `document` and `record` (stdout), all else to `progress` and `say` (stderr). */
export interface Context extends GlobalOptions {
  /** Aborts at the first Ctrl-C, with INTERRUPTED as its reason. */
  readonly signal: AbortSignal;
  readonly controllers: Controllers;
  readonly progress: Progress;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Columns that tables on stdout keep within. */
  readonly width: number;
  /** Lines on stderr may be drawn again: a terminal that is not dumb. */
  readonly updates: boolean;
  line(text?: string): void;
  lines(lines: readonly string[]): void;
  /** The one document of a `--json` run. */
  document(value: unknown): void;
  /** One line of a `--json` stream. */
  record(value: unknown): void;
  /** A line on stderr. */
  say(text: string): void;
  /** What Ctrl-C would stop, in words: `stopping the check and healing its faults`. */
  doing(what: string): void;
  /** Lets somebody else deal with Ctrl-C: an editor, the screen. */
  withoutInterrupts<T>(run: () => Promise<T>): Promise<T>;
}

export interface ContextParts extends GlobalOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly signal: AbortSignal;
  readonly controllers: Controllers;
  readonly updates: boolean;
  doing(what: string): void;
  withoutInterrupts<T>(run: () => Promise<T>): Promise<T>;
}

export function createContext(parts: ContextParts): Context {
  const {stdout, stderr, updates, ...rest} = parts;
  const progress = createProgress(stderr, updates);
  const line = (text = ''): void => {
    progress.stop();
    stdout.write(`${text}\n`);
  };
  return {
    ...rest,
    stdout,
    stderr,
    updates,
    progress,
    width: widthOf(stdout),
    line,
    lines: lines => line(lines.join('\n')),
    document: value => line(JSON.stringify(value, null, 2)),
    record: value => void stdout.write(`${JSON.stringify(value)}\n`),
    say: text => progress.note(text),
  };
}

/** The real ones; nothing of the controller is loaded before a command asks for it. */
export function lazyControllers(): Controllers {
  const client = async () => import('../controller/client.ts');
  return {
    find: async (workspace, say) => (await client()).findController(workspace, say),
    ensure: async (workspace, say) => (await client()).ensureController(workspace, say),
    list: async () => (await client()).listSessions(),
  };
}
