import {Client} from 'pg';
import {expect, it} from 'vitest';
import {startTestPostgres} from '../../services/kit/testing/postgres.ts';
import {PostgresReader} from './postgres.ts';

it('clears a database of tables, limits and settings, as an owner who is no superuser', async () => {
  await using server = await startTestPostgres();
  const admin = new Client({connectionString: server.url});
  await admin.connect();
  await admin.query(`create role stream login password 'secret'`);
  await admin.query('create database stream owner stream');
  await admin.end();
  const {hostname: host, port} = new URL(server.url);
  const address = {host, port: Number(port)};
  const postgres = new PostgresReader(() => ({address, user: 'stream', password: 'secret', database: 'stream'}));
  await postgres.query('stream-db', 'create table things (id int)');
  await postgres.query('stream-db', 'alter database stream connection limit 14');
  await postgres.query('stream-db', `alter database stream set statement_timeout = '1s'`);

  await postgres.clear('stream-db');

  const [left] = await postgres.query(
    'stream-db',
    `select datconnlimit as limit, (select count(*)::int from pg_db_role_setting) as settings, to_regclass('things') as things
     from pg_database where datname = current_database()`,
  );
  expect(left).toEqual({limit: -1, settings: 0, things: null});
  await postgres.close();
});
