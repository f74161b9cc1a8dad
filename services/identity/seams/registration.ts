import type {Clock} from '../../kit/clock.ts';
import type {Database, Queryable} from '../../kit/database.ts';

/** A valid request to open an account: the input was checked and the password hashed before the seam sees it. */
export interface RegistrationRequest {
  /** The client that sends it (`X-Client-Id`); an idempotency key belongs to the client that chose it. */
  readonly client: string;
  /** The `Idempotency-Key` header, or undefined when the client sent none. */
  readonly idempotencyKey: string | undefined;
  /** A hash of the request's payload: equal for equal payloads. */
  readonly fingerprint: string;
  readonly name: string;
  readonly passwordHash: string;
}

/** What the client gets. 4xx answers are sent as problem+json with `detail`. */
export type RegistrationAnswer =
  | {readonly status: 201; readonly body: AccountBody}
  | {readonly status: 409 | 422; readonly detail: string};

export interface AccountBody {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
}

/** What the seam works with. */
export interface RegistrationTools {
  readonly database: Database;
  readonly clock: Clock;
  /** A new account with an id of its own; stores nothing. */
  newAccount(request: RegistrationRequest): AccountBody;
  /** Inserts the account's row. */
  insertAccount(transaction: Queryable, account: AccountBody, request: RegistrationRequest): Promise<void>;
  /** Runs `work` in one transaction and sees to it that the event `account.registered` of `account` gets published. */
  save<T>(account: AccountBody, work: (transaction: Queryable) => Promise<T>): Promise<T>;
}

/**
 * `POST /v1/accounts`. The table `idempotency_keys (client, key, fingerprint, status, body, created_at)`, with the primary key
 * (client, key), is there for it.
 *
 * A module that replaces it exports `registration`.
 */
export type Registration = (request: RegistrationRequest, tools: RegistrationTools) => Promise<RegistrationAnswer>;
