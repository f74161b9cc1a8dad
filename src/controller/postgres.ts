import {Pool} from 'pg';
import type {Row} from '../../services/kit/database.ts';
import type {PostgresAccess} from '../runtime/runtime.ts';

/** A statement of the lab's own takes at most this long, in ms. */
const STATEMENT_TIMEOUT_MS = 15_000;

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
