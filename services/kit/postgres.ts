import pg from 'pg';
import type {CrashPoints} from './crash-points.ts';
import type {Database, Queryable, Row} from './database.ts';
import type {Logger} from './logger.ts';
import {breaksSession, CommitUnknownError, named, sqlState} from './postgres-errors.ts';
import {NO_RECORDER, type StatementRecorder} from './telemetry/record-statements.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly log: Logger;
  readonly crashPoints: Pick<CrashPoints, 'hit'>;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Connections at most. Default 10. */
  readonly poolMax?: number;
  /** How long one statement may take, ms. Its answer is waited for one second longer. Default 5,000. */
  readonly statementTimeoutMs?: number;
  /** Default: nothing is recorded. */
  readonly recorder?: StatementRecorder;
}

export interface PostgresDatabase extends Database {
  /** One round trip; rejects when the database cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 2_000;
const LOCK_TIMEOUT_MS = 3_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000;
/** On top of the statement's own time. It is measured here: through a cut link neither an answer nor the server's timeout arrives. */
const ANSWER_MARGIN_MS = 1_000;

/** A service's database: a pool of sessions that cannot hang for ever, whatever happens to the link. */
export function createPostgresDatabase({
  url,
  log,
  crashPoints,
  applicationName,
  poolMax = 10,
  statementTimeoutMs = 5_000,
  recorder = NO_RECORDER,
}: PostgresOptions): PostgresDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    query_timeout: statementTimeoutMs + ANSWER_MARGIN_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
  });
  // A session that breaks while nobody queries says so by an event; without a listener it would end the process.
  const lost = (error: Error): void => log.warn({err: error}, 'a database session broke');
  pool.on('error', lost);
  pool.on('connect', client => client.on('error', () => undefined));

  return {
    query: <R extends Row>(text: string, parameters?: readonly unknown[]) =>
      // With the wait for a session: it is part of what the caller waits for.
      recorder.statement(text, async () => {
        const session = await connect(pool);
        let broken = false;
        try {
          return await query<R>(session, text, parameters);
        } catch (error) {
          broken = breaksSession(error);
          throw error;
        } finally {
          session.release(broken);
        }
      }),
    transaction: (work, options) =>
      recorder.transaction(async () => {
        const session = await connect(pool);
        const outcome = await transact({session, crashPoints, recorder}, work, options?.isolation);
        session.release(!outcome.done && outcome.broken);
        if (!outcome.done) throw outcome.error;
        return outcome.value;
      }),
    async ping() {
      await this.query('select 1');
    },
    close: () => pool.end(),
  };
}

/** How a transaction ended, and whether its session can be used again. */
type Outcome<T> =
  | {readonly done: true; readonly value: T}
  | {readonly done: false; readonly error: unknown; readonly broken: boolean};

interface TransactionTools {
  readonly session: pg.PoolClient;
  readonly crashPoints: Pick<CrashPoints, 'hit'>;
  readonly recorder: StatementRecorder;
}

async function transact<T>(
  {session, crashPoints, recorder}: TransactionTools,
  work: (transaction: Queryable) => Promise<T>,
  isolation = 'read committed',
): Promise<Outcome<T>> {
  let value: T;
  let over = false;
  try {
    const begin = `begin isolation level ${isolation}`;
    await recorder.statement(begin, () => query(session, begin));
    value = await work({
      async query<R extends Row>(text: string, parameters?: readonly unknown[]) {
        // By then the session may belong to somebody else.
        if (over) throw new Error('This transaction is over: a query in it was not awaited.');
        return recorder.statement(text, () => query<R>(session, text, parameters));
      },
    });
  } catch (error) {
    // When the rollback fails too, the session is dropped, which rolls back as well; the first error is the one to tell.
    const broken = await recorder
      .statement('rollback', () => query(session, 'rollback'))
      .then(
        () => false,
        () => true,
      );
    return {done: false, error, broken};
  } finally {
    over = true;
  }
  crashPoints.hit('before_commit');
  const failed = await commit(session, recorder);
  if (failed !== undefined) return failed;
  crashPoints.hit('after_commit_before_publish');
  return {done: true, value};
}

/** Sends COMMIT. Returns how it failed, or undefined when the transaction is committed. */
async function commit(session: pg.PoolClient, recorder: StatementRecorder): Promise<Outcome<never> | undefined> {
  try {
    const {command} = await recorder.statement('commit', () => session.query('commit'));
    if (command !== 'ROLLBACK') return undefined;
    const error = new Error(
      'The transaction was rolled back: a statement in it had failed, and its error was swallowed.',
    );
    return {done: false, error, broken: false};
  } catch (error) {
    // An error that Postgres itself states is a definite no, unless it states that the session is ending.
    const state = sqlState(error);
    const definite = state !== undefined && !/^(08|57P|40003)/.test(state);
    return {done: false, error: definite ? error : new CommitUnknownError(error), broken: breaksSession(error)};
  }
}

function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  return pool.connect().catch((error: unknown) => Promise.reject(named(error)));
}

async function query<R extends Row>(
  session: pg.PoolClient,
  text: string,
  parameters?: readonly unknown[],
): Promise<readonly R[]> {
  const values = parameters === undefined ? undefined : [...parameters];
  const result: pg.QueryResult<R> | pg.QueryResult<R>[] = await session
    .query(text, values)
    .catch((error: unknown) => Promise.reject(named(error)));
  // Several statements in one text give several results.
  return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
}
