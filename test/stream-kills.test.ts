import {randomUUID} from 'node:crypto';
import pg from 'pg';
import {afterAll, beforeAll, expect, it} from 'vitest';
import type {Broker, Message} from '../services/kit/broker.ts';
import {openBroker} from '../services/kit/open-broker.ts';
import {createSystemClock} from '../services/kit/system-clock.ts';
import {startTestPostgres, type TestPostgres} from '../services/kit/testing/postgres.ts';
import {startTokens, until} from '../services/stream/testing.ts';
import {type StreamReplicas, startStreamReplicas} from './support/stream-replicas.ts';

const SEED = Number(process.env.TERALAB_SEED ?? 7);
const quiet = {debug() {}, info() {}, warn() {}, error() {}};

let postgres: TestPostgres;
let tokens: Awaited<ReturnType<typeof startTokens>>;

beforeAll(async () => {
  [postgres, tokens] = await Promise.all([startTestPostgres(), startTokens()]);
});
afterAll(() => Promise.all([postgres, tokens].map(one => one[Symbol.asyncDispose]())));

interface System extends AsyncDisposable {
  readonly broker: Broker;
  readonly replicas: StreamReplicas;
  sql<R extends object>(text: string): Promise<readonly R[]>;
  /** Asks a replica until it answers with success: it may be dead at the moment. */
  ask<B>(replica: number, method: string, path: string, body?: object): Promise<B>;
  settled(): Promise<void>;
}

async function startSystem(): Promise<System> {
  const [DATABASE_URL, BROKER_URL] = await Promise.all([postgres.createDatabase(), postgres.createDatabase()]);
  const broker = await openBroker({url: BROKER_URL, clock: createSystemClock(), log: quiet});
  await Promise.all(['activity', 'identity.events'].map(stream => broker.ensureStream(stream)));
  const replicas = await startStreamReplicas({DATABASE_URL, BROKER_URL, LINKS: tokens.links}, SEED);
  const pool = new pg.Pool({connectionString: DATABASE_URL, max: 2});
  const authorization = `Bearer ${await tokens.for('ada')}`;
  return {
    broker,
    replicas,
    sql: async text => (await pool.query(text)).rows,
    async ask<B>(replica: number, method: string, path: string, body?: object) {
      const headers = {authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID()};
      let answer: B | undefined;
      await until(async () => {
        const url = await replicas.url(replica);
        const send = {method, headers, ...(body === undefined ? {} : {body: JSON.stringify(body)})};
        const response = await fetch(url + path, send).catch(() => undefined);
        if (response?.ok === true) answer = (await response.json()) as B;
        return response?.ok === true;
      });
      return answer as B;
    },
    settled: () =>
      until(async () => {
        const lag = (await broker.lag('activity')).filter(({group}) => group === 'stream');
        return lag.length > 0 && lag.every(one => one.lag === 0);
      }),
    async [Symbol.asyncDispose]() {
      await replicas[Symbol.asyncDispose]();
      await Promise.all([pool.end(), broker.close()]);
    },
  };
}

function activity(id: string, second: number, kind = 'walk'): Message {
  const account = `account-${id.length % 3}-${Number(/\d+$/.exec(id)?.[0] ?? 0) % 11}`;
  const at = new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString();
  return {id: `${account}/${id}`, key: account, type: 'activity.reported', data: {id, account, kind, at}};
}

/** Each event of the stream is there once, and counted once or put aside as late. */
async function expectOnceEach({broker, sql}: System): Promise<number> {
  const published = (await broker.read('activity')).map(({id}) => id).toSorted();
  const rows = await sql<{event_id: string}>('select event_id from activity');
  expect(rows.map(row => row.event_id).toSorted()).toEqual(published);
  const [counted] = await sql<{windows: number; late: number}>(
    'select (select coalesce(sum(count), 0)::int from windows) as windows, (select count(*)::int from late_activity) as late',
  );
  expect((counted?.windows ?? 0) + (counted?.late ?? 0)).toBe(published.length);
  return published.length;
}

it('loses nothing and counts nothing twice while a projection is rebuilt, more comes, and replicas die', async () => {
  await using system = await startSystem();
  const {broker, replicas} = system;
  const old = Array.from({length: 4_000}, (_, n) => activity(`old-${n}`, n / 100));
  for (let from = 0; from < old.length; from += 500) await broker.publish('activity', old.slice(from, from + 500));
  await system.settled();
  await system.sql('update windows set count = count + 1000');

  const {id} = await system.ask<{id: string}>(0, 'POST', '/v1/replays', {projection: 'activity'});
  let rebuilding = true;
  const writing = (async () => {
    for (let n = 0; rebuilding; n += 1) await broker.publish('activity', [activity(`new-${n}`, 40 + n / 1_000)]);
  })();
  const state = async (): Promise<string> => (await system.ask<{state: string}>(1, 'GET', `/v1/replays/${id}`)).state;
  for (let round = 0; round < 8 || (await state()) === 'running'; round += 1)
    await replicas.killOne(['before_commit', 'after_commit_before_publish', 'before_ack']);
  rebuilding = false;
  await writing;
  await system.settled();

  expect(await state()).toBe('done');
  expect(replicas.kills).toBeGreaterThanOrEqual(4);
  expect(await expectOnceEach(system)).toBeGreaterThan(old.length);
});

it('lets what is redriven take effect once, whoever asks for it how often, while replicas die', async () => {
  await using system = await startSystem();
  const {broker, replicas} = system;
  await system.sql("alter table activity add constraint refused check (kind <> 'refused')");
  const bad = Array.from({length: 10}, (_, n) => activity(`bad-${n}`, n, 'refused'));
  const good = Array.from({length: 300}, (_, n) => activity(`good-${n}`, n / 30));
  await broker.publish('activity', [...good.slice(0, 150), ...bad, ...good.slice(150)]);
  await replicas.killOne(['before_ack', 'before_commit']);
  await system.settled();
  const letters = (await broker.deadLetters('activity')).map(({message}) => message.id);
  expect(letters.toSorted()).toEqual(bad.map(({id}) => id).toSorted());

  await system.sql('alter table activity drop constraint refused');
  let redriving = true;
  const killing = (async () => {
    while (redriving || replicas.kills < 4) {
      await replicas.killOne(['before_commit', 'after_commit_before_publish', 'before_ack']);
      await broker.publish('activity', [activity(`beside-${replicas.kills}-${randomUUID()}`, 11)]);
    }
  })();
  const all = {stream: 'activity', all: true};
  for (let times = 0; times < 3; times += 1)
    await Promise.all([0, 1].map(replica => system.ask(replica, 'POST', '/v1/dead-letters', all)));
  redriving = false;
  await killing;
  await system.settled();

  expect(await broker.deadLetters('activity')).toEqual([]);
  expect(await expectOnceEach(system)).toBeGreaterThanOrEqual(bad.length + good.length);
});
