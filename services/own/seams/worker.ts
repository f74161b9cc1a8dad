import type {OwnTools} from './tools.ts';

/** What your own service does besides answering: consumes events, sends what is in its outbox, tidies up. */
export interface OwnWorker {
  /** Once, when the tables are there and before the first request. */
  start?(): Promise<void>;
  /** Once, when the last request is answered. */
  stop?(): Promise<void>;
}

/**
 * Every replica makes its own.
 *
 * A module that replaces it exports `createWorker`.
 */
export type CreateWorker = (tools: OwnTools) => OwnWorker;
