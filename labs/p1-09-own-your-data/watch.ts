import {setTimeout as delay} from 'node:timers/promises';
import type {LabTools} from '../../src/labs/lab.ts';

const NODE = 'identity-db';
const LOOK_EVERY_MS = 150;

/** What the lab does at identity's database, and what it sees there. It fills up. */
export interface Watch {
  /** Sessions of stream at each look. */
  readonly sessions: {readonly at: number; readonly count: number}[];
  /** When identity has changed its table. */
  readonly migrations: number[];
}

/** Counts, again and again for `forMs` or until it is cut, the sessions that stream has in identity's database. */
export async function countSessions(tools: LabTools, watch: Watch, forMs: number, cut: AbortSignal): Promise<void> {
  const until = Date.now() + forMs;
  while (Date.now() < until && !cut.aborted) {
    const at = Date.now();
    const [row] = await tools
      .sql<{count: number}>(
        NODE,
        `select count(*)::int as count from pg_stat_activity
         where datname = current_database() and (usename = 'stream' or application_name like 'stream%')`,
      )
      .catch(() => []);
    if (row !== undefined) watch.sessions.push({at, count: row.count});
    await delay(LOOK_EVERY_MS);
  }
}

/**
 * Identity's own change: the table becomes `people` and its column `full_name`; a view with the old names is for the replicas that run the code before. Nobody else
 * was ever promised anything.
 */
export async function rename(tools: LabTools, watch: Watch): Promise<void> {
  await tools.sql(
    NODE,
    `alter table accounts rename to people;
     alter table people rename column name to full_name;
     create view accounts as select id, full_name as name, password_hash, created_at${columns(await others(tools, 'accounts'))} from people`,
  );
  watch.migrations.push(Date.now());
}

/** And back. */
export async function renameBack(tools: LabTools, watch: Watch): Promise<void> {
  await tools.sql(
    NODE,
    `drop view accounts cascade;
     alter table people rename column full_name to name;
     alter table people rename to accounts`,
  );
  watch.migrations.push(Date.now());
}

/** Whatever of identity's database the role `stream` gets something out of. */
export async function readable(tools: LabTools): Promise<readonly string[]> {
  const rows = await tools.sql<{what: string}>(
    NODE,
    `with foreign_schemas as (
       select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
     )
     select format('%s %s', case relkind when 'v' then 'the view' when 'm' then 'the view' else 'the table' end, relname) as what
     from pg_class where relnamespace in (select oid from foreign_schemas) and relkind in ('r', 'p', 'v', 'm', 'f')
       and (has_table_privilege('stream', oid, 'select') or has_any_column_privilege('stream', oid, 'select'))
     union all
     select 'the function ' || proname from pg_proc where pronamespace in (select oid from foreign_schemas)
       and prosecdef and has_function_privilege('stream', oid, 'execute')
     union all
     select 'everything, as a member of the role ' || current_user where pg_has_role('stream', current_user, 'usage')`,
  );
  return rows.map(({what}) => what);
}

/** Columns that came later than this lab. */
async function others(tools: LabTools, table: string): Promise<readonly string[]> {
  const rows = await tools.sql<{name: string}>(
    NODE,
    `select quote_ident(attname) as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped
       and attname not in ('id', 'name', 'password_hash', 'created_at')`,
    [table],
  );
  return rows.map(({name}) => name);
}

function columns(names: readonly string[]): string {
  return names.map(name => `, ${name}`).join('');
}
