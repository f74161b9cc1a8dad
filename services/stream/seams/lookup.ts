import type {Clock} from '../../kit/clock.ts';
import type {Database, Queryable} from '../../kit/database.ts';
import type {Logger} from '../../kit/logger.ts';
import type {Migration} from '../../kit/migrations.ts';

/** What the seam works with. */
export interface LookupTools {
  /** Stream's own database. */
  readonly database: Database;
  /** Identity's database, as far as identity lets stream's role in; undefined where there is no link to it. */
  readonly identity: Queryable | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What identity has told of an account. */
export interface NamedAccount {
  readonly account: string;
  readonly name: string;
}

/** How stream knows the names of accounts, which are identity's. */
export interface Lookup {
  /** What it needs in stream's own database. Applied once, when the service starts. */
  readonly migrations?: readonly Migration[];
  /**
   * Called with what identity's events tell (`account.registered`, `account.renamed`, `account.announced`), in order for each account, at least once,
   * in a transaction of stream's own database. Without it nobody listens.
   */
  remember?(transaction: Queryable, accounts: readonly NamedAccount[]): Promise<void>;
  /** Names by account; accounts that it does not know are left out. */
  names(accounts: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** A module that replaces it exports `createLookup`. Every replica of stream creates one. */
export type CreateLookup = (tools: LookupTools) => Lookup;
