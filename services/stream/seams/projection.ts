import type {Clock} from '../../kit/clock.ts';
import type {Logger} from '../../kit/logger.ts';

/** An event of an account, as its readers get it. */
export interface ActivityItem {
  readonly id: string;
  readonly kind: string;
  /** When it happened, ISO 8601. */
  readonly at: string;
}

/** Events of an account, the newest first. */
export interface ActivityPage {
  readonly items: readonly ActivityItem[];
  /** Where the next page begins; null on the last one. */
  readonly next: string | null;
}

export interface PageQuery {
  readonly account: string;
  readonly limit: number;
  /** `next` of the page before; null for the first one. */
  readonly cursor: string | null;
}

/** What the seam works with. */
export interface ReadModelTools {
  /** What has been made of the stream so far. It is behind by what consumers have not worked off, for as long as that takes. */
  readonly projection: {
    /** `upTo`: the account's event that was published last among all that it had. */
    page(query: PageQuery): Promise<ActivityPage & {readonly upTo: string | null}>;
    /** Whether it has an event of an account. One look into an index; those asked for at the same time go together. */
    has(account: string, id: string): Promise<boolean>;
  };
  /** What the broker has, and the projection may not have yet. Every look reads what all accounts have waiting there, and is counted. */
  readonly writeSide: {
    /** Events of an account, in the order in which they were published. */
    waiting(account: string): Promise<readonly ActivityItem[]>;
  };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Events of an account that the broker has taken. */
export interface Written {
  readonly account: string;
  /** In the order in which they were published. Those of one account are projected in that order. */
  readonly ids: readonly string[];
}

export interface ReadRequest extends PageQuery {
  /** What the client carries: the last position that it was given. Null: it was given none. */
  readonly position: string | null;
  /** The answer is worth something for so long, ms: the caller's patience, 2.5 s at most. */
  readonly patienceMs: number;
}

export type ReadAnswer =
  | {
      readonly page: ActivityPage;
      /** What the client carries from now on; null: what it carried before. */
      readonly position: string | null;
    }
  /** The projection is not so far yet: the client is told to come back after this time, ms. */
  | {readonly behindForMs: number};

/**
 * How accounts read what they did (`GET /v1/activity/<account>`) from a projection that lags.
 *
 * A position is any text of at most 200 characters. Clients get it in `x-position` with each answer and send the last one with each request, to
 * whichever replica; nobody else looks into it.
 */
export interface ReadModel {
  /** After a write was taken. What it returns is the client's position. */
  written(write: Written): string | null;
  read(request: ReadRequest): Promise<ReadAnswer>;
}

/** A module that replaces it exports `createReadModel`. Every replica of stream creates one. */
export type CreateReadModel = (tools: ReadModelTools) => ReadModel;
