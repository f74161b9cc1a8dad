import {afterAll, beforeAll, expect, it} from 'vitest';
import type {CrashPoint} from './environment.ts';
import {createPostgresDatabase, type PostgresDatabase} from './postgres.ts';
import {DatabaseUnavailableError, isDatabaseUnavailable} from './postgres-errors.ts';
import {type Cable, openCable} from './testing/cable.ts';
import {startTestPostgres, type TestPostgres} from './testing/postgres.ts';

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

it('commits what a transaction did, and comes past both crash points on the way', async () => {
  await using fixture = await open();
  const {database, hits} = fixture;
  expect(
    await database.transaction(transaction => transaction.query('insert into notes values ($1) returning text', ['a'])),
  ).toEqual([{text: 'a'}]);
  expect(hits).toEqual(['before_commit', 'after_commit_before_publish']);
  expect(await texts(database)).toEqual(['a']);
});

it('rolls back and throws what the work threw; the session is used again', async () => {
  await using fixture = await open({poolMax: 1});
  const {database, hits} = fixture;
  const failing = database.transaction(async transaction => {
    await transaction.query("insert into notes values ('a')");
    throw new TypeError('no');
  });
  await expect(failing).rejects.toThrow(new TypeError('no'));
  expect([await texts(database), hits]).toEqual([[], []]);
});

it('does not call a transaction committed in which a failed statement was swallowed', async () => {
  await using fixture = await open();
  const swallowing = fixture.database.transaction(async transaction => {
    await transaction.query("insert into notes values ('a')");
    await transaction.query('select nonsense').catch(() => undefined);
  });
  await expect(swallowing).rejects.toThrow('rolled back');
  expect(await texts(fixture.database)).toEqual([]);
});

it('refuses a query of a transaction that is over', async () => {
  await using fixture = await open();
  const late = await fixture.database.transaction(async transaction => () => transaction.query('select 1'));
  await expect(late()).rejects.toThrow('over');
});

it('says that the outcome is unknown when the answer to COMMIT is lost, though it is committed', async () => {
  await using cable = await openCable({host: '127.0.0.1', port: postgres.port});
  await using fixture = await open({cable});
  // Its length stands before it in the protocol's message: BEGIN names an isolation level that also says "commit".
  cable.cutAfter('\u000bcommit');
  const commit = fixture.database.transaction(transaction => transaction.query("insert into notes values ('a')"));
  await expect(commit).rejects.toMatchObject({commitUnknown: true});
  expect(fixture.hits).toEqual(['before_commit']);
  await expect.poll(() => texts(fixture.database)).toEqual(['a']);
});

it('does not call a definite error of COMMIT unknown', async () => {
  await using fixture = await open();
  await fixture.database.query('create table single (id int unique deferrable initially deferred)');
  const commit = fixture.database.transaction(transaction => transaction.query('insert into single values (1), (1)'));
  await expect(commit).rejects.toMatchObject({code: '23505'});
});

it('does not hang when the link goes silent, and drops the session', async () => {
  await using cable = await openCable({host: '127.0.0.1', port: postgres.port});
  await using fixture = await open({cable, statementTimeoutMs: 100});
  await fixture.database.ping();
  cable.goSilent();
  const error = await fixture.database.query('select 1').catch((reason: unknown) => reason);
  expect([isDatabaseUnavailable(error), error]).toEqual([true, expect.any(DatabaseUnavailableError)]);
});

it('ends statements that take too long and sessions that idle in a transaction', async () => {
  await using fixture = await open({statementTimeoutMs: 50});
  await expect(fixture.database.query('select pg_sleep(5)')).rejects.toMatchObject({code: '57014'});
  const [settings] = await fixture.database.query(
    "select current_setting('idle_in_transaction_session_timeout') as idle, current_setting('lock_timeout') as lock",
  );
  expect(settings).toEqual({idle: '5s', lock: '3s'});
});

it('works again after the server ended all sessions', async () => {
  await using fixture = await open({poolMax: 2});
  await fixture.database.ping();
  await postgres.crashAndRestart();
  await expect.poll(() => fixture.database.query('select 1 as one').catch(() => 'not yet')).toEqual([{one: 1}]);
});

interface OpenOptions {
  readonly cable?: Cable;
  readonly poolMax?: number;
  readonly statementTimeoutMs?: number;
}

async function open({
  cable,
  ...options
}: OpenOptions = {}): Promise<AsyncDisposable & {database: PostgresDatabase; hits: CrashPoint[]}> {
  const url = new URL(await postgres.createDatabase());
  if (cable !== undefined) url.port = String(cable.port);
  const hits: CrashPoint[] = [];
  const log = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
  const database = createPostgresDatabase({
    url: url.href,
    log,
    crashPoints: {hit: point => void hits.push(point)},
    applicationName: 'test',
    ...options,
  });
  await database.query('create table notes (text text)');
  return {database, hits, [Symbol.asyncDispose]: () => database.close()};
}

async function texts(database: PostgresDatabase): Promise<unknown[]> {
  return (await database.query('select text from notes')).map(({text}) => text);
}
