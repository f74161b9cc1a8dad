import pg from 'pg';

/** A session with somebody's Postgres, as whoever may make databases and roles there. */
export interface Server extends AsyncDisposable {
  query<R extends pg.QueryResultRow>(text: string, parameters?: readonly unknown[]): Promise<readonly R[]>;
  /** The same server with another database, and another role and its password where they are given. */
  urlOf(database: string, role?: {readonly name: string; readonly password: string}): string;
}

const CONNECT_WITHIN_MS = 10_000;

export async function openServer(url: string): Promise<Server> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    application_name: 'teraApi set-up',
  });
  await client.connect();
  return {
    query: async <R extends pg.QueryResultRow>(text: string, parameters: readonly unknown[] = []) =>
      (await client.query<R>(text, [...parameters])).rows,
    urlOf(database, role) {
      const other = new URL(url);
      other.pathname = `/${database}`;
      if (role !== undefined) {
        other.username = encodeURIComponent(role.name);
        other.password = encodeURIComponent(role.password);
      }
      return other.href;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
