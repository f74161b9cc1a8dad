import type {Message} from '../../kit/broker.ts';
import type {Database, Queryable} from '../../kit/database.ts';
import type {Logger} from '../../kit/logger.ts';

/** What the seam works with. */
export interface SharingTools {
  readonly database: Database;
  /** Puts an event into the outbox, in the transaction that is given: it goes out to `identity.events` when that commits. */
  emit(transaction: Queryable, event: Message): Promise<void>;
  readonly log: Logger;
}

/** What identity lets other services have of its accounts. */
export interface Sharing {
  /** Statements that its role runs in its own database when it starts, such as `grant select on accounts to stream`. */
  readonly grants: readonly string[];
  /**
   * Tells of every account that there is, also of those that were opened before anybody published events, and says how many there are. An operator asks for it when
   * somebody wants to know them for the first time; it may be asked for again.
   */
  announce(): Promise<number>;
}

/**
 * The table `accounts (id text primary key, name text, …, closed_at timestamptz)` is identity's. An account that is announced is told of by an event of
 * the type `account.announced` with the data `{account, name}` and the account as its key.
 *
 * A module that replaces it exports `createSharing`.
 */
export type CreateSharing = (tools: SharingTools) => Sharing;
