import {afterAll, beforeAll, expect, it} from 'vitest';
import {type Migration, migrate, migrateDown} from './migrations.ts';
import {createPostgresDatabase, type PostgresDatabase} from './postgres.ts';
import {startTestPostgres, type TestPostgres} from './testing/postgres.ts';

const FIRST: Migration = {
  name: '001-notes',
  up: "create table notes (text text); insert into notes values ('first')",
  down: 'drop table notes',
};
const SECOND: Migration = {
  name: '002-author',
  up: 'alter table notes add column author text',
  down: 'alter table notes drop column author',
};
const BROKEN: Migration = {name: '003-broken', up: 'create table half (id int); select nonsense', down: ''};

let postgres: TestPostgres;
let database: PostgresDatabase;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await database.close();
  await postgres[Symbol.asyncDispose]();
});

it('applies each migration once, also when replicas start at the same instant', async () => {
  await fresh();
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(database, [FIRST, SECOND])));
  expect(applied.flat().sort()).toEqual([FIRST.name, SECOND.name]);
  expect(await database.query('select * from notes')).toEqual([{text: 'first', author: null}]);
  expect(await migrate(database, [FIRST, SECOND])).toEqual([]);
});

it('leaves nothing behind of a migration that fails', async () => {
  await fresh();
  await expect(migrate(database, [FIRST, BROKEN])).rejects.toThrow('nonsense');
  expect(
    await database.query("select to_regclass('notes') is null as none, to_regclass('half') is null as nothing"),
  ).toEqual([{none: false, nothing: true}]);
});

it('takes back the latest migrations', async () => {
  await fresh();
  await migrate(database, [FIRST, SECOND]);
  expect(await migrateDown(database, [FIRST, SECOND], 2)).toEqual([SECOND.name, FIRST.name]);
  expect(await migrate(database, [FIRST])).toEqual([FIRST.name]);
});

async function fresh(): Promise<void> {
  await database?.close();
  const log = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};
  database = createPostgresDatabase({
    url: await postgres.createDatabase(),
    log,
    crashPoints: {hit: () => undefined},
    applicationName: 'test',
  });
}
