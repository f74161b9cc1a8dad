import type {LabTools} from '../../src/labs/lab.ts';
import type {Setup} from './evidence.ts';
import {schemaOf} from './watch.ts';

const HOT = 40;
export const COLD = 20_000;

/** Fills the table with many rows that are hardly read, and a few that are set and read all the time; notes the schema. */
export async function setUp(tools: LabTools): Promise<Setup> {
  const coldPrefix = `c${tools.random.hex(4)}-`;
  await tools.sql(
    'stream-db',
    `insert into quotas (account, events_per_second)
     select $1::text || i, 1 + ((i::bigint * 7919) % 5000) from generate_series(1, $2::int) as i`,
    [coldPrefix, COLD],
  );
  const hot = Array.from({length: HOT}, () => `h${tools.random.hex(10)}`);
  await tools.sql('stream-db', 'insert into quotas (account, events_per_second) select unnest($1::text[]), 1', [hot]);
  return {
    hot,
    coldPrefix,
    coldCount: COLD,
    watch: {reports: [], looks: [], isOn: false},
    schema: await schemaOf(tools),
  };
}
