import {Client} from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Row} from '../services/kit/database.ts';
import {startTestPostgres, type TestPostgres} from '../services/kit/testing/postgres.ts';
import {admitGuests} from '../src/controller/guests.ts';
import {defaultTopology} from '../src/topology/default.ts';

/** Guests of a database, on a real Postgres, by an owner who is no superuser, as the lab's databases have it. */
describe('guests of a database', () => {
  let server: TestPostgres;
  let owner: Client;
  beforeAll(async () => {
    server = await startTestPostgres();
    const admin = new Client({connectionString: server.url});
    await admin.connect();
    await admin.query(`create role identity login createrole password 'secret'`);
    await admin.query('create database identity owner identity');
    await admin.end();
    const url = new URL(server.url);
    Object.assign(url, {username: 'identity', password: 'secret', pathname: '/identity'});
    owner = new Client({connectionString: url.href});
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await server[Symbol.asyncDispose]();
  });

  it('go with all that they were granted, and come again', async () => {
    const plain = defaultTopology();
    const link = {from: 'stream', to: 'identity-db', protocol: 'postgres'} as const;
    const joined = {...plain, links: [...plain.links, link]};
    const access = (node: string) => ({
      address: {host: '127.0.0.1', port: 1},
      user: node.replace('-db', ''),
      password: 'secret',
      database: node.replace('-db', ''),
    });
    const query = async <R extends Row>(node: string, text: string): Promise<readonly R[]> => {
      if (node !== 'identity-db') return [];
      const result: unknown = await owner.query(text);
      return Array.isArray(result) ? [] : (result as {rows: R[]}).rows;
    };
    for (const topology of [joined, joined, plain]) {
      await admitGuests(topology, {postgres: access}, {query});
      const {rows} = await owner.query(`select 1 from pg_roles where rolname = 'stream'`);
      expect(rows).toHaveLength(topology === plain ? 0 : 1);
      if (topology === joined)
        await owner.query(
          'create table if not exists things (id int); grant select on things to stream; grant usage on schema public to stream',
        );
    }
  });
});
