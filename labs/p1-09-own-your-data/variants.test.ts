import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {MIGRATIONS} from '../../services/identity/migrations.ts';
import {addToOutbox} from '../../services/identity/outbox.ts';
import type {CreateSharing} from '../../services/identity/seams/sharing.ts';
import type {Row} from '../../services/kit/database.ts';
import {migrate} from '../../services/kit/migrations.ts';
import {createPostgresDatabase, type PostgresDatabase} from '../../services/kit/postgres.ts';
import {createSystemClock} from '../../services/kit/system-clock.ts';
import {startTestPostgres, type TestPostgres} from '../../services/kit/testing/postgres.ts';
import type {CreateLookup, Lookup, NamedAccount} from '../../services/stream/seams/lookup.ts';
import type {Evidence, LabTools} from '../../src/labs/lab.ts';
import lab from './lab.ts';
import {rename, renameBack, type Watch} from './watch.ts';

const log = {debug() {}, info() {}, warn() {}, error() {}};
const clock = createSystemClock();

/**
 * The variants of the lab on a real Postgres, without the system around them: two replicas of stream that hear a half of the events each, and the tasks that judge by what is
 * in the databases.
 */
describe('variants of p1-09-own-your-data', () => {
  let server: TestPostgres;
  let closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    server = await startTestPostgres();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it.each([
    ['start', ['no-grants READS_FOREIGN_TABLES', 'stream breaks']],
    ['solution', []],
    ...lab.wrong.map(({name, task, code}) => [`wrong/${name}`, [`${task} ${code}`]] as const),
  ] as const)('%s comes to %j', async (variant, codes) => {
    try {
      expect(await play(variant)).toEqual(codes);
    } finally {
      for (const close of closing.reverse()) await close();
      closing = [];
    }
  });

  async function play(variant: string): Promise<readonly string[]> {
    const {createSharing} = await load<{createSharing: CreateSharing}>(variant, 'sharing.ts');
    const {createLookup} = await load<{createLookup: CreateLookup}>(variant, 'lookup.ts');
    const {identity, guest, stream} = await databases();
    const sharing = createSharing({database: identity, emit: addToOutbox, log});
    for (const statement of sharing.grants) await identity.query(statement);
    const replicas = [0, 1].map(() => createLookup({database: stream, identity: guest, clock, log}));
    await migrate(stream, replicas[0]?.migrations ?? []);
    const insert = `insert into accounts (id, name, password_hash, created_at) values ($1, $2, '', now())`;
    const old = ['old-1', 'old-2'];
    const people = ['p-1', 'p-2'];
    for (const id of [...old, ...people]) await identity.query(insert, [id, `Name of ${id}`]);
    const tell = (account: string, type: string, name: string, id = `${type}/${account}`): Promise<void> =>
      identity.transaction(transaction => addToOutbox(transaction, {id, key: account, type, data: {account, name}}));
    for (const account of people) await tell(account, 'account.registered', `Name of ${account}`);
    await sharing.announce();
    const watch: Watch = {sessions: [], migrations: []};
    const tools = fakeTools({identity, replicas});
    await rename(tools, watch);
    const breaks = await (replicas[0] as Lookup).names(people).then(
      () => false,
      () => true,
    );
    await identity.query('update accounts set name = $2 where id = $1', ['p-1', 'Another name']);
    await tell('p-1', 'account.renamed', 'Another name');
    await renameBack(tools, watch);
    await deliver(identity, stream, replicas);
    const setup = {old, people: people.map(account => ({account, token: ''})), watch};
    const final = await lab.final(tools, setup);
    const evidence = {
      final,
      setup,
      attack: [{name: 'rename', outcome: 'ok'}],
      times: {recoveredAt: 1, healedAt: 0},
    } as unknown as Evidence<typeof setup, typeof final>;
    const judged = lab.tasks
      .filter(({id}) => id === 'no-grants' || id === 'copy-is-equal')
      .map(task => ({id: task.id, ...task.judge(evidence)}))
      .filter(({verdict}) => verdict !== 'pass');
    return [...judged.map(({id, code}) => `${id} ${code}`), ...(breaks ? ['stream breaks'] : [])];
  }

  /** Identity's database with stream's role as its guest, and stream's own. */
  async function databases() {
    const [identityUrl, streamUrl] = [await server.createDatabase(), await server.createDatabase()];
    await query(
      server.url,
      `do $$ begin
         if not exists (select from pg_roles where rolname = 'identity') then
           create role identity login; create role stream login; grant pg_monitor to identity;
         end if;
       end $$`,
    );
    const name = new URL(identityUrl).pathname.slice(1);
    await query(server.url, `alter database ${name} owner to identity`);
    const as = (url: string, role: string): string => Object.assign(new URL(url), {username: role}).href;
    const identity = open(as(identityUrl, 'identity'));
    await migrate(identity, MIGRATIONS);
    return {identity, guest: open(as(identityUrl, 'stream')), stream: open(streamUrl)};
  }

  function open(url: string): PostgresDatabase {
    const opened = createPostgresDatabase({
      url,
      log,
      crashPoints: {hit: () => undefined},
      applicationName: 'variants',
      poolMax: 2,
    });
    closing.push(() => opened.close());
    return opened;
  }
});

async function load<T>(variant: string, file: string): Promise<T> {
  const path = fileURLToPath(new URL(`${variant}/${file}`, import.meta.url));
  expect(existsSync(path)).toBe(true);
  return (await import(path)) as T;
}

/** Each replica hears of its accounts, in the order of the outbox. */
async function deliver(
  identity: PostgresDatabase,
  stream: PostgresDatabase,
  replicas: readonly Lookup[],
): Promise<void> {
  const events = await identity.query<{data: NamedAccount}>('select data from outbox order by position');
  for (const {data} of events) {
    const replica = replicas[Number(data.account.at(-1)) % replicas.length];
    await stream.transaction(async transaction => replica?.remember?.(transaction, [data]));
  }
}

/** What the lab asks of the system: identity's database, and pages of the replicas in turn. */
function fakeTools({identity, replicas}: {identity: PostgresDatabase; replicas: readonly Lookup[]}): LabTools {
  let turn = 0;
  return {
    sql: <R extends Row>(_node: string, text: string, parameters?: readonly unknown[]) =>
      identity.query<R>(text, parameters),
    http: async (_method: string, path: string) => {
      const ids = new URL(path, 'http://x').searchParams.getAll('id');
      turn += 1;
      const names = await (replicas[turn % replicas.length] as Lookup).names(ids);
      return {status: 200, body: {items: ids.map(account => ({account, name: names.get(account) ?? null}))}};
    },
  } as unknown as LabTools;
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  await client.query(text).finally(() => client.end());
}
