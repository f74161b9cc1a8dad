import type {Broker, Message} from '../../kit/broker.ts';
import type {Clock} from '../../kit/clock.ts';
import type {Database, Queryable} from '../../kit/database.ts';
import type {Logger} from '../../kit/logger.ts';

/** What the seam works with. */
export interface PublisherTools {
  readonly database: Database;
  /** Only `publish`: the stream of identity's events is `identity.events`. */
  readonly broker: Pick<Broker, 'publish'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * How a change of identity's data and the event that tells of it get out of the service together.
 *
 * The table `outbox (position bigserial, id, key, type, data, headers, created_at, published_at)` is there for it.
 */
export interface Publisher {
  /** Runs `work` in a transaction and has `event` published to `identity.events` if, and only if, it commits. */
  save<T>(event: Message, work: (transaction: Queryable) => Promise<T>): Promise<T>;
  /** Called once when the service starts; long-running work begins here. */
  start?(): Promise<void>;
  /** Called once when the service drains. */
  stop?(): Promise<void>;
}

/** A module that replaces it exports `createPublisher`. Every replica of identity creates one. */
export type CreatePublisher = (tools: PublisherTools) => Publisher;
