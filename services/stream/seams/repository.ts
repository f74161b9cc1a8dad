import type {Clock} from '../../kit/clock.ts';
import type {Database, Queryable} from '../../kit/database.ts';
import type {Logger} from '../../kit/logger.ts';

/** Where what accounts may send is kept. */
export interface QuotaRepository {
  /** Events a second that the account may send; null: it has no quota. */
  read(account: string): Promise<number | null>;
  /** Sets it, and says whether there was none before. */
  write(account: string, eventsPerSecond: number): Promise<boolean>;
  remove(account: string): Promise<void>;
}

/** What a change of the schema works with. */
export interface ChangeTools {
  /**
   * A session of the change's own, as an operator's: it has no timeouts unless it sets some (`set lock_timeout = '…'`). Each statement is a transaction
   * of its own, unless `begin` and `commit` are sent.
   */
  readonly session: Queryable;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A change of the schema while it is in use. Every step may be asked for again after it has failed. */
export interface SchemaChange {
  /** Before this version's code reads or writes. */
  up(tools: ChangeTools): Promise<void>;
  /** While this version's code serves beside the version before: brings the rows that are there into the new shape. */
  backfill(tools: ChangeTools): Promise<void>;
  /** After this version's code has stopped: nothing of `up` is left. */
  down(tools: ChangeTools): Promise<void>;
}

/** This version's repository. With a change of the schema the version before serves until `up` is done, and again before `down` begins. */
export interface Repository extends QuotaRepository {
  readonly change?: SchemaChange;
}

/** What the seam works with. */
export interface RepositoryTools {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Where quotas are kept: the table `quotas (account text primary key, events_per_second int not null, changed_at timestamptz not null default now())`.
 *
 * A module that replaces it exports `createRepository`.
 */
export type CreateRepository = (tools: RepositoryTools) => Repository;
