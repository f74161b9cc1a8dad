import {DatabaseError, Pool, type QueryConfig} from 'pg';
import type {Row} from '../../services/kit/database.ts';
import {LabError} from '../errors.ts';
import type {PostgresAccess} from '../runtime/runtime.ts';

/** A statement of the lab's own takes at most this long, in ms. */
const STATEMENT_TIMEOUT_MS = 15_000;

const UNBOUNDED = `do $$ begin
  execute format('alter database %I connection limit -1', current_database());
  execute format('alter database %I reset all', current_database());
end $$`;

export interface ReadBounds {
  readonly rowsMax: number;
  readonly timeoutMs: number;
}

/** The lab's own way to the databases: past the fabric, one small pool per node. */
export class PostgresReader {
  readonly #pools = new Map<string, Pool>();
  readonly #access: (node: string) => PostgresAccess;

  constructor(access: (node: string) => PostgresAccess) {
    this.#access = access;
  }

  async query<R extends Row = Row>(
    node: string,
    text: string,
    parameters: readonly unknown[] = [],
  ): Promise<readonly R[]> {
    const {rows} = await this.#pool(node).query<R>(text, [...parameters]);
    return rows;
  }

  /**
   * One statement that may read and nothing else, in a transaction that is taken back. Gives up to `rowsMax` rows. Errors: BAD_VALUE, with
   * what the server says.
   */
  async readOnly(node: string, text: string, {rowsMax, timeoutMs}: ReadBounds): Promise<readonly Row[]> {
    const client = await this.#pool(node).connect();
    try {
      await client.query('begin transaction read only');
      await client.query(`set local statement_timeout = ${Math.round(timeoutMs)}`);
      // The extended protocol takes one statement only, and a cursor takes what gives rows only.
      await client.query({text: `declare probe no scroll cursor for ${text}`, queryMode: 'extended'} as QueryConfig);
      const {rows} = await client.query<Row>(`fetch forward ${rowsMax} from probe`);
      return rows;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      throw new LabError('BAD_VALUE', `${node} refuses the query: ${error.message}.`, {cause: error});
    } finally {
      // A connection that cannot even take that back is of no use to the next.
      await client.query('rollback').then(
        () => client.release(),
        (error: Error) => client.release(error),
      );
    }
  }

  /**
   * Makes a database as it was when it was new: without schemas, so that whoever uses it migrates it from nothing, and without limits and
   * settings that somebody has given it. Nobody else may be there.
   */
  async clear(node: string): Promise<void> {
    await this.query(node, UNBOUNDED);
    const schemas = await this.query<{name: string}>(
      node,
      `select format('%I', nspname) as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`,
    );
    const drops = schemas.map(({name}) => `drop schema ${name} cascade;`);
    await this.query(node, `${drops.join(' ')} create schema public; grant usage on schema public to public`);
  }

  /** Empties every table but the record of migrations. Nobody else may be writing. */
  async empty(node: string): Promise<void> {
    const tables = await this.query<{name: string}>(
      node,
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'schema_migrations'`,
    );
    if (tables.length === 0) return;
    await this.query(node, `truncate ${tables.map(({name}) => name).join(', ')} restart identity cascade`);
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(async pool => pool.end().catch(() => undefined)));
  }

  #pool(node: string): Pool {
    const existing = this.#pools.get(node);
    if (existing !== undefined) return existing;
    const {address, user, password, database} = this.#access(node);
    const pool = new Pool({
      host: address.host,
      port: address.port,
      user,
      password,
      database,
      max: 2,
      idleTimeoutMillis: 1_000,
      connectionTimeoutMillis: 5_000,
      query_timeout: STATEMENT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      application_name: 'teralab',
      allowExitOnIdle: true,
    });
    pool.on('error', () => undefined);
    this.#pools.set(node, pool);
    return pool;
  }
}
