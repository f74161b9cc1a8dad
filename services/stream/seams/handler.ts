import type {Delivery, Settlement} from '../../kit/broker.ts';
import type {Clock} from '../../kit/clock.ts';
import type {Database, Queryable} from '../../kit/database.ts';
import type {Logger} from '../../kit/logger.ts';

/** What the seam works with. */
export interface HandlerTools {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Lets messages of one partition take effect: their events are kept and counted, and each leaves a row in `effects`. It knows nothing of
   * ids: called twice, it takes effect twice. Throws an error named `MalformedMessageError` for a message that nobody can read, and what
   * the database says.
   */
  apply(transaction: Queryable, messages: readonly Delivery[]): Promise<void>;
  /** Writes down how far the partition of a batch is worked off. Called with `database` it is a transaction of its own. */
  savePosition(transaction: Queryable, batch: readonly Delivery[]): Promise<void>;
  /** Whether an error says nothing against the message: the database is away, a deadlock, an answer that got lost. */
  isPassing(error: unknown): boolean;
}

/**
 * What is done with the messages of the stream `activity`. The broker hands a message over again until it is acknowledged, to any replica,
 * and after days when somebody sets the group back.
 *
 * The table `handled (id text primary key, at timestamptz default now())` is there for it.
 */
export interface Handler {
  /** Handles messages of one partition, in order, and says for each what becomes of it, in the same order. */
  handle(batch: readonly Delivery[]): Promise<readonly Settlement[]>;
  /** Called once when the service starts; long-running work begins here. */
  start?(): Promise<void>;
  /** Called once when the service drains. */
  stop?(): Promise<void>;
}

/** A module that replaces it exports `createHandler`. Every replica of stream creates one. */
export type CreateHandler = (tools: HandlerTools) => Handler;
