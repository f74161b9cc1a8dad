import type {Clock} from '../../kit/clock.ts';
import type {Database, Queryable} from '../../kit/database.ts';
import type {Logger} from '../../kit/logger.ts';

/**
 * What has to be done in two services. `provision`: a new account gets its quota at stream, and may be used then. `erase`: the quota of a
 * closed account is taken away, and who it belonged to is forgotten.
 */
export type SagaKind = 'provision' | 'erase';

/**
 * The steps. Each may be repeated. One that rejects has not said whether it was done: the answer may have got lost.
 *
 * An account is pending, then active, then closed, and never goes back; a pending one can also be closed at once.
 */
export interface SagaSteps {
  /**
   * Gives the account its quota at stream. `revision` numbers the changes of one account's quota: one that has come already is not made
   * again, and after a removal with the same number or a higher one it has no effect, which is no error. Throws a {@link StepRefusal} when
   * stream says no.
   */
  setQuota(account: string, revision: number): Promise<void>;
  /** Takes the quota away; without effect after a change with a higher number. */
  removeQuota(account: string, revision: number): Promise<void>;
  /** A pending account becomes active. Whether it is active now: false when it is closed, or not there. */
  activate(account: string): Promise<boolean>;
  /** A pending account is closed, and `account.closed` published. Whether it is closed now: false when it is active. */
  reject(account: string): Promise<boolean>;
  /** Forgets name and password of a closed account. */
  erase(account: string): Promise<void>;
}

/** What `setQuota` throws when repeating it is of no use. Any other error may pass. */
export interface StepRefusal extends Error {
  readonly refused: true;
}

/** What the seam works with. */
export interface SagaTools {
  readonly database: Database;
  readonly steps: SagaSteps;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Sees to it that no account is active without a quota, and that no quota is left without an account, whatever fails and whoever dies.
 *
 * The table `sagas (account, kind, attempts, due_at, begun_at, ended_at)`, with the primary key (account, kind), is there for it.
 */
export interface Saga {
  /** In the transaction that opens or closes the account: what is written here is there if, and only if, the account is. */
  record(transaction: Queryable, kind: SagaKind, account: string): Promise<void>;
  /** After that transaction. The account's owner has the answer already: nobody waits for this, and an error is only logged. */
  run(kind: SagaKind, account: string): Promise<void>;
  /** Called once when the service starts; long-running work begins here. */
  start?(): Promise<void>;
  /** Called once when the service drains. */
  stop?(): Promise<void>;
}

/** A module that replaces it exports `createSaga`. Every replica of identity creates one. */
export type CreateSaga = (tools: SagaTools) => Saga;
