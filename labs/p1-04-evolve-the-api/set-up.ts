import type {LabTools} from '../../src/labs/lab.ts';
import type {Final, Setup} from './evidence.ts';

const SEEDED = 300;

/** Writes the profiles that were there long before, and notes the columns that today's release has. */
export async function setUp(tools: LabTools): Promise<Setup> {
  const rows = Array.from(
    {length: SEEDED},
    () => [`p-${tools.random.hex(10)}`, `Long Ago ${tools.random.hex(6)}`] as const,
  );
  await tools.sql(
    'own-db',
    'insert into profiles (id, fullname, city) select *, $3 from unnest($1::text[], $2::text[])',
    [rows.map(([id]) => id), rows.map(([, name]) => name), 'Tartu'],
  );
  return {
    seeded: new Map(rows),
    incidents: [],
    rounds: {old: 0, new: 0},
    recorded: [],
    failures: [],
    stages: [],
    today: {columns: await columnsOf(tools), newApi: null},
  };
}

/** What the rollout came to so far, and the columns as they are now. */
export async function readFinal(tools: LabTools, setup: Setup): Promise<Final> {
  const {incidents, failures, rounds, stages, recorded, today} = setup;
  return {incidents, failures, rounds, stages, recorded, today, columns: await columnsOf(tools)};
}

/** Columns of the table as it is now. */
async function columnsOf(tools: LabTools): Promise<readonly string[]> {
  const columns = await tools.sql<{name: string}>(
    'own-db',
    `select column_name as name from information_schema.columns where table_schema = 'public' and table_name = 'profiles'`,
  );
  return columns.map(({name}) => name).toSorted();
}
