import type {Database} from './database.ts';

/** One step of a schema's history. Both texts may hold several statements; they run in one transaction. */
export interface Migration {
  /** Orders and identifies it: `001-accounts`. */
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/** Only one replica migrates at a time. The number is the lock's key and means nothing. */
const LOCK = 7_361_902;

/**
 * Applies, in order, the migrations that are not applied yet, each in a transaction of its own.
 *
 * Replicas may start at once: each transaction takes a lock that ends with it. A session lock would survive in Postgres when the
 * link to it is cut, and would keep every other replica out.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<readonly string[]> {
  const known = await appliedMigrations(database);
  if (migrations.every(({name}) => known.has(name))) return [];
  const done: string[] = [];
  for (const migration of migrations) {
    if (await applyOnce(database, migration)) done.push(migration.name);
  }
  return done;
}

/** Takes back the last `steps` applied migrations, the latest first, and returns their names. */
export async function migrateDown(
  database: Database,
  migrations: readonly Migration[],
  steps: number,
): Promise<readonly string[]> {
  const known = await appliedMigrations(database);
  const undone: string[] = [];
  for (const {name, down} of migrations
    .filter(migration => known.has(migration.name))
    .reverse()
    .slice(0, steps)) {
    await database.transaction(async transaction => {
      await transaction.query('select pg_advisory_xact_lock($1)', [LOCK]);
      await transaction.query(down);
      await transaction.query('delete from schema_migrations where name = $1', [name]);
    });
    undone.push(name);
  }
  return undone;
}

async function applyOnce(database: Database, {name, up}: Migration): Promise<boolean> {
  return database.transaction(async transaction => {
    await transaction.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await transaction.query(
      'create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null default now())',
    );
    const inserted = await transaction.query(
      'insert into schema_migrations (name) values ($1) on conflict do nothing returning name',
      [name],
    );
    if (inserted.length === 0) return false;
    await transaction.query(up);
    return true;
  });
}

async function appliedMigrations(database: Database): Promise<ReadonlySet<unknown>> {
  const [table] = await database.query("select to_regclass('schema_migrations') is not null as there");
  if (table?.there !== true) return new Set();
  const rows = await database.query('select name from schema_migrations');
  return new Set(rows.map(row => row.name));
}
