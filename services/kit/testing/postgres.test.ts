import pg from 'pg';
import {expect, it} from 'vitest';
import {startTestPostgres} from './postgres.ts';

it('starts a Postgres that keeps what was committed over a crash', async () => {
  await using postgres = await startTestPostgres();
  const url = await postgres.createDatabase();
  await query(url, 'create table notes (text text)');
  await query(url, "insert into notes values ('kept')");
  await postgres.crashAndRestart();
  expect(await query(url, 'select text from notes')).toEqual([{text: 'kept'}]);
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
