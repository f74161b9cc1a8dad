import pg from 'pg';
import {NoStreamError} from '../broker-parts/streams.ts';
import type {Clock} from '../clock.ts';
import type {Row} from '../database.ts';
import type {Logger} from '../logger.ts';
import {breaksSession, isDatabaseUnavailable, sqlState} from '../postgres-errors.ts';
import {UnavailableError} from '../unavailable.ts';
import {NO_STREAM, SCHEMA, SCHEMA_VERSION} from './schema.ts';

/** The client gives up on an answer after this time: through a blackholed link none ever comes, and no error either. */
const ANSWER_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS_MAX = 5;
/** A call that failed faster than this met a connection that had died before; a second one is worth its time. */
const FAILED_AT_ONCE_MS = 500;

/** Settings of every connection, so that no session of ours can hold a lock for long, whatever happens to its client. */
export const CONNECTION = {
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  query_timeout: ANSWER_TIMEOUT_MS,
  statement_timeout: 2_500,
  lock_timeout: 2_000,
  idle_in_transaction_session_timeout: 5_000,
  keepAlive: true,
} as const;

/** Connections to the broker's Postgres. Made when they are needed, thrown away when they fail. */
export interface Session {
  /** Runs one statement, on a broker that has its schema. It may run twice when the first answer was lost. */
  query<R extends Row = Row>(text: string, parameters?: readonly unknown[]): Promise<readonly R[]>;
  /** The same, and never twice: for a statement whose second run would say something else than its first. */
  queryOnce<R extends Row = Row>(text: string, parameters?: readonly unknown[]): Promise<readonly R[]>;
  close(): Promise<void>;
}

export function createSession({
  url,
  clock,
  log,
}: {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Session {
  const pool = new pg.Pool({...CONNECTION, connectionString: url, max: CONNECTIONS_MAX});
  // Without a listener, an idle connection that breaks would end the process.
  pool.on('error', error => log.debug({err: error}, 'an idle connection to the broker broke'));
  let prepared: Promise<void> | undefined;

  async function prepare(): Promise<void> {
    prepared ??= ensureSchema(pool);
    try {
      await prepared;
    } catch (error) {
      prepared = undefined;
      throw error;
    }
  }

  async function query<R extends Row>(text: string, parameters: readonly unknown[]): Promise<readonly R[]> {
    await prepare();
    const result = await pool.query<R>(text, [...parameters]);
    return result.rows;
  }

  return {
    async query<R extends Row = Row>(text: string, parameters: readonly unknown[] = []) {
      const begun = clock.monotonic();
      try {
        return await query<R>(text, parameters);
      } catch (error) {
        const schemaIsGone = isSchemaMissing(error);
        if (schemaIsGone) prepared = undefined;
        const atOnce = clock.monotonic() - begun < FAILED_AT_ONCE_MS;
        if (!schemaIsGone && !(atOnce && breaksSession(error))) throw toPortError(error);
        return await query<R>(text, parameters).catch((again: unknown) => {
          throw toPortError(again);
        });
      }
    },
    async queryOnce<R extends Row = Row>(text: string, parameters: readonly unknown[] = []) {
      try {
        return await query<R>(text, parameters);
      } catch (error) {
        if (!isSchemaMissing(error)) throw toPortError(error);
        prepared = undefined;
        return await query<R>(text, parameters).catch((again: unknown) => {
          throw toPortError(again);
        });
      }
    },
    close: () => pool.end(),
  };
}

/** The port's callers know nothing of Postgres. */
function toPortError(error: unknown): unknown {
  if (sqlState(error) === NO_STREAM)
    return new NoStreamError(String((error as pg.DatabaseError).detail), {cause: error});
  if (!(error instanceof Error) || !isDatabaseUnavailable(error)) return error;
  return new UnavailableError(error.message, {cause: error});
}

function isSchemaMissing(error: unknown): boolean {
  const state = sqlState(error);
  return state === '42P01' || state === '42883' || state === '3F000';
}

async function ensureSchema(pool: pg.Pool): Promise<void> {
  const found = await pool
    .query<{version: number}>('select version from broker.schema_version')
    .catch((error: unknown) => {
      if (isSchemaMissing(error)) return {rows: []};
      throw error;
    });
  if (found.rows[0]?.version === SCHEMA_VERSION) return;
  await pool.query(SCHEMA);
}
