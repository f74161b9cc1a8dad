import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {startTestStream, startTokens, until} from './testing.ts';

let postgres: TestPostgres;
let tokens: Awaited<ReturnType<typeof startTokens>>;
let folder: string;

beforeAll(async () => {
  [postgres, tokens, folder] = await Promise.all([
    startTestPostgres(),
    startTokens(),
    mkdtemp(join(tmpdir(), 'teralab-seams-')),
  ]);
});
afterAll(async () => {
  await Promise.all([postgres[Symbol.asyncDispose](), tokens[Symbol.asyncDispose]()]);
  await rm(folder, {recursive: true, force: true});
});

async function start(modules: Readonly<Record<string, string>>) {
  const seams: Record<string, string> = {};
  for (const [name, text] of Object.entries(modules)) {
    seams[name] = join(folder, `${name}-${Math.random().toString(36).slice(2)}.mjs`);
    await writeFile(seams[name], text);
  }
  const [DATABASE_URL, BROKER_URL] = await Promise.all([postgres.createDatabase(), postgres.createDatabase()]);
  return startTestStream({DATABASE_URL, BROKER_URL, LINKS: tokens.links, SEAMS: JSON.stringify(seams)});
}

const HANDLER = `export const createHandler = ({database, apply, savePosition}) => ({
  async handle(batch) {
    await database.transaction(async transaction => {
      await apply(transaction, batch);
      await savePosition(transaction, batch);
    });
    return batch.map(() => ({settle: 'ack'}));
  },
});`;

it('consumes with the modules that replace its own, and keeps what took effect as often as it did', async () => {
  await using system = await start({
    handler: HANDLER,
    partition: `export const createPartition = () => ({
      key: event => event.kind,
      work: async (batch, {handle, key}) => (await Promise.all(batch.map(one => handle([one])))).flat(),
    });`,
    subscription: 'export const subscription = () => ({ackWaitMs: 5000, heartbeatMs: 0, batchMax: 3, concurrency: 2});',
  });
  const token = await tokens.for('ada');
  const events = ['a', 'b', 'c', 'd', 'e'].map(id => ({id, kind: 'k'}));
  await system.call('POST', '/v1/activity', {token, body: {events}});
  await system.settled();
  const rows = await system.sql('select message_id, key from effects order by message_id');
  expect(rows).toEqual(events.map(({id}) => ({message_id: `ada/${id}`, key: 'k'})));
  const [apart] = await system.sql<{n: number}>(
    'select count(*)::int as n from effects e where not exists (select from position_moves m where m.transaction = e.transaction and m.position = e.position)',
  );
  expect(apart?.n).toBe(0);
  await expect(system.sql('delete from effects')).rejects.toThrow('What took effect stays.');
  await system.broker.seek('activity', 'stream', 0);
  await until(async () => (await system.sql('select from effects')).length === 10);
  expect(await system.sql('select from activity')).toHaveLength(5);
});

it.each([
  ['handler', 'export const createHandler = () => ({hande: 1});', 'What it makes has no method `handle`.'],
  ['handler', "export const createHandler = () => { throw new Error('not today'); };", 'not today'],
  ['partition', 'export const createPartition = () => undefined;', 'What it makes has no method `key`.'],
  [
    'subscription',
    'export const subscription = () => ({ackWaitMs: 1});',
    'ackWaitMs must be a whole number from 50 to 600000.',
  ],
  ['subscription', 'export const subscription = () => undefined;', /ackWaitMs must be/],
])('says which %s cannot be used, and why: %s', async (seam, text, message) => {
  await expect(start({[seam]: text})).rejects.toMatchObject({seam, message: expect.stringMatching(message)});
});
