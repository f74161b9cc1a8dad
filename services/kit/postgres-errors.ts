import {isUnavailable} from './unavailable.ts';

/** COMMIT was sent and its answer never came: the transaction may or may not have taken effect. */
export class CommitUnknownError extends Error {
  readonly commitUnknown = true;

  constructor(cause: unknown) {
    super('The answer to COMMIT was lost: nobody knows whether the transaction took effect.', {cause});
    this.name = 'CommitUnknownError';
  }
}

/** The database could not be reached, or did not answer in time. It is told by its type: a driver's message is no contract. */
export class DatabaseUnavailableError extends Error {
  /** Of the socket, where it has one: `ECONNREFUSED`. */
  readonly code: string | undefined;

  constructor(cause: Error) {
    super(cause.message, {cause});
    this.name = 'DatabaseUnavailableError';
    this.code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  }
}

/** The error as the kit tells it: what came from the driver because the database is away becomes a {@link DatabaseUnavailableError}. */
export function named(error: unknown): unknown {
  if (sqlState(error) !== undefined || !(error instanceof Error)) return error;
  return isDatabaseUnavailable(error) ? new DatabaseUnavailableError(error) : error;
}

/** The five characters by which Postgres names an error, or undefined when it was not Postgres that spoke. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as object) ? code : undefined;
}

/** Whether the session is of no use any more: the connection broke, an answer is overdue, or the server ended the session. */
export function breaksSession(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined ? error instanceof Error : /^(08|57P|25P03|25P04)/.test(state);
}

/** Whether a database could not be reached or had no time: trying again later may help. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseUnavailableError) return true;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isDatabaseUnavailable);
  const state = sqlState(error);
  // 53300: too many connections; 55P03 and 57014: a lock or a statement took too long.
  if (state !== undefined) return /^(08|57P|25P03|25P04|53300|55P03|57014)/.test(state);
  return (
    isUnavailable(error) ||
    /timeout|Connection terminated|Client has encountered a connection error/i.test(error.message)
  );
}
