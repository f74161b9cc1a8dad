import type {LabTools} from '../../src/labs/lab.ts';

/** What is not the handler's own memory. */
const OF_THE_SERVICE =
  /^(schema_migrations|registrations|account_effects|projected|activity|windows|late_activity|event_clock|failed_sign_ins|quotas|replays|effects|position_moves)$/;

const DAY_MS = 24 * 3_600_000;
/** A number this near to now, in milliseconds or in seconds, is a time. */
const NEAR_MS = DAY_MS;

type Query = <R extends Readonly<Record<string, unknown>>>(text: string) => Promise<readonly R[]>;

/** Everything that the handler has written down with a time is a month older: what somebody remembers for a while only is forgotten. */
export async function letMonthPass(tools: LabTools): Promise<void> {
  await letDaysPass(30, text => tools.sql('stream-db', text), "not in ('pg_catalog', 'information_schema', 'rebuild')");
}

/** The same for any number of days, in the schemas of which `inSchema` is true. */
export async function letDaysPass(days: number, query: Query, inSchema: string): Promise<void> {
  const columns = await query<{name: string; table: string; column: string; type: string}>(
    `select table_name as name, format('%I', table_name) as table, format('%I', column_name) as column, data_type as type
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema ${inSchema} and table_type = 'BASE TABLE'`,
  );
  for (const {name, table, column, type} of columns) {
    if (OF_THE_SERVICE.test(name)) continue;
    if (/^(timestamp|date)/.test(type))
      await query(`update ${table} set ${column} = ${column} - interval '${days} days'`);
    else if (/^(bigint|integer|numeric|double|real)/.test(type)) await ageNumbers(days, query, table, column);
  }
}

async function ageNumbers(days: number, query: Query, table: string, column: string): Promise<void> {
  for (const unitMs of [1, 1_000]) {
    const [now, near] = [Date.now() / unitMs, NEAR_MS / unitMs];
    await query(
      `update ${table} set ${column} = ${column} - ${Math.round((days * DAY_MS) / unitMs)}
       where ${column} between ${Math.round(now - near)} and ${Math.round(now + near)}`,
    );
  }
}
