import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Row} from '../../services/kit/database.ts';
import {migrate} from '../../services/kit/migrations.ts';
import {createPostgresDatabase, type PostgresDatabase} from '../../services/kit/postgres.ts';
import {createSystemClock} from '../../services/kit/system-clock.ts';
import {startTestPostgres, type TestPostgres} from '../../services/kit/testing/postgres.ts';
import {MIGRATIONS} from '../../services/stream/migrations.ts';
import {openOperatorSession} from '../../services/stream/operator-session.ts';
import {createRepository as createBefore} from '../../services/stream/seams/repository.default.ts';
import type {CreateRepository, QuotaRepository} from '../../services/stream/seams/repository.ts';
import type {LabTools} from '../../src/labs/lab.ts';
import lab from './lab.ts';
import {observe, runReport, type Watch} from './watch.ts';

const log = {debug() {}, info() {}, warn() {}, error() {}};
const clock = createSystemClock();
const ROWS = 2_500;
const REPORT_MS = 600;

/** The variants of the lab on a real Postgres, without the system around them: what becomes of a SELECT, of the schema and of the rows, and who waits. */
describe('variants of p1-10-migrate-hot', () => {
  let server: TestPostgres;
  let url: string;
  let database: PostgresDatabase;

  beforeAll(async () => {
    server = await startTestPostgres();
    url = await server.createDatabase();
    database = createPostgresDatabase({url, log, crashPoints: {hit: () => undefined}, applicationName: 'variants'});
    await migrate(database, MIGRATIONS);
  });
  afterAll(async () => {
    await database.close();
    await server[Symbol.asyncDispose]();
  });

  it.each([
    ['start', ['others wait', 'not batched', 'wrong reads']],
    ['solution', []],
    ['wrong/timeout-and-give-up', ['not done']],
    ['wrong/kill-the-report', ['report killed']],
    ['wrong/all-at-once', ['not batched']],
    ['wrong/new-column-only', ['wrong reads']],
    ['wrong/dual-write-in-one', ['wrong reads']],
  ] as const)('%s: %j', async (variant, expected) => {
    expect(lab.wrong.every(({name}) => VARIANTS.includes(`wrong/${name}`))).toBe(true);
    expect(await play(variant)).toEqual(expected);
  });

  async function play(variant: string): Promise<readonly string[]> {
    const {createRepository} = (await import(fileURLToPath(new URL(`${variant}/repository.ts`, import.meta.url)))) as {
      createRepository: CreateRepository;
    };
    const [before, after] = [createBefore({database, clock, log}), createRepository({database, clock, log})];
    await database.query('truncate quotas');
    await database.query(
      "insert into quotas (account, events_per_second) select 'c' || i, 7 from generate_series(1, $1::int) i",
      [ROWS],
    );
    const watch: Watch = {reports: [], looks: [], isOn: false};
    const tools = {
      sql: <R extends Row>(_node: string, text: string, parameters?: readonly unknown[]) =>
        database.query<R>(text, parameters),
    } as unknown as LabTools;
    const operator = await openOperatorSession({environment: {databaseUrl: url, nodeName: 'v2'} as never, log});
    const step = {session: operator.session, clock, log};
    const reported = runReport(tools, watch, REPORT_MS);
    await until(async () => (await sleeping()) > 0);
    const wait = longestWait(before);
    const found: string[] = [];
    const done = await after.change?.up(step).then(
      () => true,
      () => false,
    );
    if ((await wait.stop()) > REPORT_MS / 2) found.push('others wait');
    if (done === true) {
      const wrong = await wrongReads(before, after);
      await after.change?.backfill(step);
      await observe(tools, watch, 1);
      if ((watch.looks.at(-1)?.largestBatch ?? 0) > 1_000) found.push('not batched');
      if (wrong > 0) found.push('wrong reads');
    } else found.push('not done');
    await reported;
    if (watch.reports.some(({error}) => error !== null)) found.push('report killed');
    await after.change?.down(step);
    const left = await database.query(
      "select 1 from information_schema.columns where table_name = 'quotas' and column_name = 'events_per_minute' union all select 1 from pg_trigger where tgrelid = 'quotas'::regclass and not tgisinternal",
    );
    if (left.length > 0) found.push('not taken back');
    await operator.close();
    return found;
  }

  async function sleeping(): Promise<number> {
    const rows = await database.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'");
    return rows.length;
  }
});

const VARIANTS: readonly string[] = [
  'timeout-and-give-up',
  'kill-the-report',
  'all-at-once',
  'new-column-only',
  'dual-write-in-one',
].map(name => `wrong/${name}`);

/** Reads one row again and again through the version before, and says how long that took at most, in ms. A session that was ended is no wait. */
function longestWait(repository: QuotaRepository): {stop(): Promise<number>} {
  let stopped = false;
  let longest = 0;
  const reading = (async () => {
    while (!stopped) {
      const from = performance.now();
      await repository.read('c1').catch(() => undefined);
      longest = Math.max(longest, performance.now() - from);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await reading;
      return longest;
    },
  };
}

/** Reads that give something else than what the other version has written, or what was there before both. */
async function wrongReads(before: QuotaRepository, after: QuotaRepository): Promise<number> {
  let wrong = 0;
  const look = async (reader: QuotaRepository, account: string, expected: number): Promise<void> => {
    const got = await reader.read(account);
    if (got !== expected) wrong += 1;
  };
  await look(after, 'c9', 7);
  await after.write('c3', 30);
  await look(before, 'c3', 30);
  await before.write('c3', 40);
  await look(after, 'c3', 40);
  await before.write('new', 50);
  await look(after, 'new', 50);
  return wrong;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) if (performance.now() > end) throw new Error('The SELECT has not begun.');
}
