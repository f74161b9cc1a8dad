import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Logger} from '../kit/logger.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {bringUp, type MadeDatabases, makeDatabases, SCHEMAS, type SchemaName, takeBack} from './databases.ts';

const log: Logger = {debug: () => {}, info: () => {}, warn: () => {}, error: () => {}};

describe('set-up of databases', () => {
  let server: TestPostgres;
  let made: MadeDatabases;

  beforeAll(async () => {
    server = await startTestPostgres();
    made = await makeDatabases({adminUrl: server.url, withSamples: true, log});
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('applies every migration of each service', () => {
    expect(made.applied).toEqual({
      identity: SCHEMAS.identity.map(({name}) => name),
      stream: SCHEMAS.stream.map(({name}) => name),
    });
  });

  it.each([
    ['identity', 'stream'],
    ['identity', 'broker'],
    ['stream', 'identity'],
    ['stream', 'broker'],
    ['broker', 'identity'],
  ] as const)('keeps the role of %s out of the database of %s', async (role, other) => {
    const url = new URL(made.urls[role]);
    url.pathname = `/${other}`;
    await expect(query(url.href, 'select 1')).rejects.toThrow(/permission denied for database/);
  });

  it('gives roles no power over the server', async () => {
    await expect(query(made.urls.stream, 'create database another')).rejects.toThrow(/permission denied/);
    await expect(query(made.urls.stream, 'create role another')).rejects.toThrow(/permission denied/);
    expect(await query(made.urls.stream, "select has_database_privilege('identity', 'connect') as may")).toEqual([
      {may: false},
    ]);
  });

  it('writes accounts that identity will make whole, and what they did', async () => {
    expect(made.samples.map(({name}) => name)).toEqual(['Ada Lovelace', 'Grace Hopper', 'Barbara Liskov']);
    expect(
      await query(
        made.urls.identity,
        `select (select count(*) from accounts)::int as accounts, (select count(*) from outbox)::int as events,
           (select count(*) from sagas where ended_at is null)::int as sagas`,
      ),
    ).toEqual([{accounts: 3, events: 3, sagas: 3}]);
  });

  it('may be run again: what is there stays, and passwords are new', async () => {
    const again = await makeDatabases({adminUrl: server.url, withSamples: true, log});
    expect(again.applied).toEqual({identity: [], stream: []});
    expect(again.samples).toEqual([]);
    expect(again.urls.identity).not.toBe(made.urls.identity);
    expect(await query(again.urls.identity, 'select count(*)::int as accounts from accounts')).toEqual([{accounts: 3}]);
    made = again;
  });

  it('works for an administrator who is no superuser', async () => {
    await query(server.url, "create role maker login createdb createrole password 'made'");
    const url = new URL(server.url);
    url.username = 'maker';
    url.password = 'made';
    for (const name of ['identity', 'stream', 'broker']) {
      await query(server.url, `drop database ${name} with (force)`);
      await query(server.url, `drop role ${name}`);
    }
    made = await makeDatabases({adminUrl: url.href, withSamples: false, log});
    expect(made.applied.stream).toHaveLength(SCHEMAS.stream.length);
  });

  it.each(['identity', 'stream'] as const)(
    'takes the schema of %s back to nothing, and brings it up as it was',
    async schema => {
      const before = await shapeOf(made.urls[schema]);
      const all = SCHEMAS[schema].map(({name}) => name);
      expect(await takeBack(made.urls[schema], schema, 2, log)).toEqual(all.toReversed().slice(0, 2));
      expect(await takeBack(made.urls[schema], schema, all.length, log)).toEqual(all.toReversed().slice(2));
      expect(await shapeOf(made.urls[schema])).toEqual([]);
      expect(await bringUp(made.urls[schema], schema, log)).toEqual(all);
      expect(await shapeOf(made.urls[schema])).toEqual(before);
    },
  );

  it.each(['identity', 'stream'] as const)(
    'takes each migration of %s back by itself and brings it up again',
    async schema => {
      const before = await shapeOf(made.urls[schema]);
      for (let steps = 1; steps <= SCHEMAS[schema].length; steps++)
        await backAndForth(made.urls[schema], schema, steps);
      expect(await shapeOf(made.urls[schema])).toEqual(before);
    },
  );
});

async function backAndForth(url: string, schema: SchemaName, steps: number): Promise<void> {
  expect(await takeBack(url, schema, steps, log)).toHaveLength(steps);
  expect(await bringUp(url, schema, log)).toHaveLength(steps);
}

/** Columns, indexes, triggers and functions, but the record of migrations. */
async function shapeOf(url: string): Promise<readonly unknown[]> {
  return query(
    url,
    `select 'column' as kind, format('%s.%s.%s %s %s %s', table_schema, table_name, column_name, data_type, is_nullable, column_default) as what
     from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema') and table_name <> 'schema_migrations'
     union all select 'index', indexdef from pg_indexes where schemaname not in ('pg_catalog') and tablename <> 'schema_migrations'
     union all select 'trigger', pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
     union all select 'function', proname from pg_proc where pronamespace = 'public'::regnamespace
     order by 1, 2`,
  );
}

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
