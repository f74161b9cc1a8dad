import type {Broker} from '../../kit/broker.ts';
import type {Clock} from '../../kit/clock.ts';
import type {Database} from '../../kit/database.ts';
import type {Logger} from '../../kit/logger.ts';

/** What the seams of your own service work with. */
export interface OwnTools {
  /** The service's own database, with the tables of the seam `schema`. Nobody else reads it. */
  readonly database: Database;
  /** Where the service is linked to it. */
  readonly broker: Broker | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** This replica: `own-1`. */
  readonly node: string;
  /** Which release of the service this replica runs, where a lab rolls one out: `v1`. Empty otherwise. */
  readonly release: string;
  /** An id that nobody else has; later ones sort after earlier ones. */
  newId(): string;
  /**
   * An error to throw in a handler: it is answered as problem+json (RFC 9457) with this status. `kind` names it for programs
   * (`version-conflict`).
   */
  problem(
    status: number,
    detail: string,
    more?: {readonly kind?: string; readonly headers?: Readonly<Record<string, string>>},
  ): Error;
}
