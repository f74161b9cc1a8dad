import type {Database} from '../../../services/kit/database.ts';

/** What a test sees of a seam: methods that take and give plain data, and never the code behind them. */
export interface Bench {
  readonly methods: Readonly<Record<string, (...parameters: never[]) => Promise<unknown>>>;
  close?(): Promise<void>;
}

/** A death that a bench has asked for, so that it can be told from errors of the code. */
export type AtCommit = (point: 'before_commit' | 'after_commit_before_publish') => void;

export interface BenchTools {
  /** The variant that is tested, as another process would have it: each call loads the module afresh. */
  load(): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Sessions in a schema of this bench's own, which is empty at first. `name` tells its sessions from others, `atCommit` is called where
   * the kit's transactions come past their crash points. For labs whose `yourTests` names a node alone.
   */
  database(name: string, atCommit?: AtCommit): Database;
  /** Ends the sessions of that name, as the death of their process would: what is not committed is rolled back. */
  endSessions(name: string): Promise<void>;
}

/**
 * The default export of a lab's `bench.ts`: opens what one test works with. It runs in a process that knows nothing of the test. What a
 * method gives must not tell which variant it is: no message, name or stack of the code under test.
 */
export type OpenBench = (tools: BenchTools) => Promise<Bench>;

/** What the process of the tests asks of the process of the bench, over the lab, which only hands it on. */
export type Ask =
  | {readonly do: 'open'}
  | {readonly do: 'call'; readonly method: string; readonly parameters: readonly unknown[]}
  | {readonly do: 'close'};

export interface Asked {
  readonly id: number;
  readonly ask: Ask;
}

/** `run`: the run that it belongs to. What of an earlier one comes late is nobody's. */
export type InRun<T> = T & {readonly run: number};

export type Answered =
  | {readonly id: number; readonly value: unknown}
  /** A sentence for whoever wrote the test. */
  | {readonly id: number; readonly error: string};

/** What the process of the tests says in the end, in its own words. */
export type TestsSaid =
  | {readonly said: 'passed'; readonly tests: number}
  | {readonly said: 'failed'; readonly test: string; readonly message: string}
  | {readonly said: 'hung'; readonly test: string; readonly afterMs: number}
  | {readonly said: 'no-tests'; readonly message: string}
  | {readonly said: 'not-loaded'; readonly message: string};

/** The first message to the process of the tests. */
export interface TestsOrder {
  /** The built module of the tests. */
  readonly file: string;
}

/** Begins a run in the process of the bench. */
export interface BenchOrder {
  /** The built module of the bench. */
  readonly bench: string;
  /** The built module of the variant. */
  readonly variant: string;
  readonly databaseUrl: string | undefined;
}
