import pg from 'pg';
import type {Queryable, Row} from '../kit/database.ts';
import type {Kit} from '../kit/service.ts';

const CONNECT_TIMEOUT_MS = 5_000;

export interface OperatorSession {
  readonly session: Queryable;
  close(): Promise<void>;
}

/** A session beside the pool, without the timeouts that requests have: what migrates waits as long as it says. */
export async function openOperatorSession({
  environment,
  log,
}: Pick<Kit, 'environment' | 'log'>): Promise<OperatorSession> {
  const client = new pg.Client({
    connectionString: environment.databaseUrl ?? '',
    application_name: `${environment.nodeName} change`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  client.on('error', error => log.warn({err: error}, 'the session of a change broke'));
  await client.connect();
  return {
    session: {
      async query<R extends Row>(text: string, parameters?: readonly unknown[]) {
        const result: pg.QueryResult<R> | pg.QueryResult<R>[] = await client.query(
          text,
          parameters === undefined ? undefined : [...parameters],
        );
        return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
      },
    },
    close: () => client.end().catch(() => undefined),
  };
}
