import {randomUUID} from 'node:crypto';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {migrate, migrateDown} from '../kit/migrations.ts';
import {createPostgresDatabase} from '../kit/postgres.ts';
import {natsMissing, startTestNats, type TestNats} from '../kit/testing/nats.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {createIntake} from './intake.ts';
import {MIGRATIONS} from './migrations.ts';
import {startTestStream, startTokens, type TestStream, until} from './testing.ts';

const PROBLEM = 'application/problem+json';
const quiet = {debug() {}, info() {}, warn() {}, error() {}};
const missing = natsMissing();

let postgres: TestPostgres;
let nats: TestNats | undefined;
let tokens: Awaited<ReturnType<typeof startTokens>>;
let token: string;

beforeAll(async () => {
  [postgres, nats, tokens] = await Promise.all([
    startTestPostgres(),
    missing === undefined ? startTestNats() : undefined,
    startTokens(),
  ]);
  token = await tokens.for('ada');
});

afterAll(async () => {
  await Promise.all([postgres, nats, tokens].map(one => one?.[Symbol.asyncDispose]()));
});

contract('postgres');
if (missing === undefined) contract('nats');
else it.skip(`are the same on NATS, left out ${missing}`, () => undefined);

interface Letters {
  readonly items: readonly {readonly id: string; readonly stream: string; readonly position: number}[];
  readonly next: string | null;
}
interface Replay {
  readonly id: string;
  readonly state: string;
  readonly events: number;
}

function contract(broker: 'postgres' | 'nats'): void {
  describe(`on ${broker}`, () => {
    let system: TestStream;

    beforeAll(async () => {
      system = await startTestStream({
        DATABASE_URL: await postgres.createDatabase(),
        BROKER_URL: broker === 'nats' ? (nats?.url ?? '') : await postgres.createDatabase(),
        LINKS: tokens.links,
      });
    });
    afterAll(() => system[Symbol.asyncDispose]());

    const activity = (id: string, second: number, account = 'ada') => ({
      id: `${account}/${id}`,
      key: account,
      type: 'activity.reported',
      data: {id, account, kind: 'k', at: new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString()},
    });

    const replayed = async (body: object, key = randomUUID()): Promise<Replay> => {
      const headers = {'idempotency-key': key};
      const answer = await system.call<Replay>('POST', '/v1/replays', {token, body, headers});
      expect(answer.status).toBe(202);
      const path = `/v1/replays/${answer.body.id}`;
      const now = async () => (await system.call<Replay>('GET', path, {token})).body;
      await until(async () => (await now()).state !== 'running');
      return now();
    };

    it('dead letters say why and where, come page by page, and are tried again once', async () => {
      const bad = ['x', 'y', 'z'].map(id => ({...activity(id, 0), data: {id}}));
      await system.broker.publish('activity', bad);
      await system.settled();
      const list = async (query = '') => (await system.call<Letters>('GET', `/v1/dead-letters${query}`, {token})).body;
      const all = await list();
      expect(all).toMatchObject({
        items: bad.map(({id}) => ({
          stream: 'activity',
          reason: expect.stringMatching(/activity needs/),
          message: {id},
        })),
        next: null,
      });
      const first = await list('?limit=2');
      const second = await list(`?limit=2&cursor=${first.next}`);
      expect([...first.items, ...second.items]).toEqual(all.items);
      const [letter] = all.items;
      const body = {stream: 'activity', id: letter?.id};
      for (let times = 0; times < 2; times += 1)
        expect(await system.call('POST', '/v1/dead-letters', {token, body})).toMatchObject({status: 202});
      // It is given up on again: nothing has changed.
      await until(async () => (await list()).items.length === 3);
      const again = await list();
      expect(again.items.map(({position}) => position)).not.toContain(letter?.position);
      const answer = await system.call('POST', '/v1/dead-letters', {token, body: {stream: 'activity', all: true}});
      expect(answer.body).toEqual({ids: again.items.map(({id}) => id)});
      const nowhere = {stream: 'activity', id: '999999@stream'};
      expect(await system.call('POST', '/v1/dead-letters', {token, body: nowhere})).toMatchObject({
        status: 404,
        type: PROBLEM,
      });
      expect((await system.call('GET', '/v1/dead-letters')).status).toBe(401);
    });

    it('a replay makes of all events what is read already, while more come and reading goes on', async () => {
      await system.broker.publish(
        'activity',
        Array.from({length: 1_200}, (_, n) => activity(`r${n}`, n / 50, `acc-${n % 7}`)),
      );
      await system.settled();
      const rows = () => system.sql('select event_id, at, position from activity order by event_id');
      const counts = () => system.sql("select start, count from windows where start < '2025-01-01' order by start");
      const before = {rows: await rows(), counts: await counts()};
      await system.sql('update windows set count = count + 1000');
      const key = randomUUID();
      let reading = true;
      const statuses = new Set<number>();
      const reads = (async () => {
        while (reading) statuses.add((await system.call('GET', '/v1/windows')).status);
      })();
      const writes = (async () => {
        for (let n = 0; reading; n += 1) await system.broker.publish('activity', [activity(`w${n}`, 24, 'acc-1')]);
      })();
      const done = await replayed({projection: 'activity'}, key);
      reading = false;
      await Promise.all([reads, writes]);
      await system.settled();
      expect(done).toMatchObject({state: 'done'});
      expect([...statuses]).toEqual([200]);
      const isOld = (row: {readonly event_id?: unknown}) => !/\/w\d+$/.test(String(row.event_id));
      expect((await rows()).filter(isOld)).toEqual(before.rows);
      const published = (await system.broker.read('activity')).filter(
        ({type, data}) => type && 'at' in (data as object),
      );
      expect(await system.sql('select count(*)::int as n from activity')).toEqual([{n: published.length}]);
      expect(await system.sql('select sum(count)::int as n from windows')).toEqual([{n: published.length}]);
      const oldSeconds = (await counts()).slice(0, 24);
      expect(oldSeconds).toEqual(before.counts.slice(0, 24));
      // The same request once more is the same replay; another one with its key is none.
      expect((await replayed({projection: 'activity'}, key)).id).toBe(done.id);
      const headers = {'idempotency-key': key};
      expect(await system.call('POST', '/v1/replays', {token, headers, body: {projection: 'accounts'}})).toMatchObject({
        status: 422,
        type: PROBLEM,
      });
    });

    it('a replay from a position holds what came after it', async () => {
      const events = Array.from({length: 6}, (_, n) => ({
        id: `reg-${n}`,
        key: `n${n}`,
        type: 'account.registered',
        data: {account: `n${n}`, name: 'x'},
      }));
      await system.broker.publish('identity.events', events);
      await system.settled();
      const from = (await system.broker.read('identity.events'))[3]?.position;
      expect(await replayed({projection: 'accounts', from})).toMatchObject({state: 'done', events: 2});
      expect(await system.sql('select account from registrations order by account')).toEqual([
        {account: 'n4'},
        {account: 'n5'},
      ]);
      const list = await system.call<{items: readonly Replay[]; next: string}>('GET', '/v1/replays?limit=1', {token});
      const rest = await system.call<{items: readonly Replay[]}>('GET', `/v1/replays?cursor=${list.body.next}`, {
        token,
      });
      expect([...list.body.items, ...rest.body.items]).toHaveLength(2);
      expect(await system.call('GET', '/v1/replays/none', {token})).toMatchObject({status: 404, type: PROBLEM});
    });
  });
}

describe('a stream', () => {
  let system: TestStream;

  beforeAll(async () => {
    system = await startTestStream({
      DATABASE_URL: await postgres.createDatabase(),
      BROKER_URL: await postgres.createDatabase(),
      LINKS: tokens.links,
    });
  });
  afterAll(() => system[Symbol.asyncDispose]());

  it('refuses what is over the quota of an account, and takes it again when the quota is gone', async () => {
    const path = '/v1/quotas/ada';
    const send = () => system.call('POST', '/v1/activity', {token, body: {events: Array(10).fill({kind: 'k'})}});
    expect((await system.call('GET', path)).status).toBe(404);
    expect((await system.call('PUT', path, {body: {eventsPerSecond: 1}})).status).toBe(201);
    expect((await system.call('PUT', path, {body: {eventsPerSecond: 1}})).status).toBe(200);
    expect((await system.call('GET', path)).body).toEqual({account: 'ada', eventsPerSecond: 1});
    expect((await send()).status).toBe(202);
    const refused = await send();
    expect(refused).toMatchObject({status: 429, type: PROBLEM});
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    for (let times = 0; times < 2; times += 1) expect((await system.call('DELETE', path)).status).toBe(204);
    expect((await send()).status).toBe(202);
    expect((await system.call('PUT', path, {body: {eventsPerSecond: 0}})).type).toBe(PROBLEM);
  });

  it('says at which accounts signing in fails again and again, in whatever order the failures come', async () => {
    const failure = (account: string, second: number) => ({
      id: `failed/${account}/${second}`,
      key: account,
      type: 'session.failed',
      data: {account, at: new Date(Date.now() - 3_600_000 + second * 1_000).toISOString()},
    });
    const guessed = [0, 40, 10, 30, 20].map(second => failure('guessed', second));
    const clumsy = [0, 100, 200, 300, 400].map(second => failure('clumsy', second));
    await system.broker.publish('identity.events', [...guessed, ...clumsy, failure('once', 1)]);
    await system.broker.publish('identity.events', guessed);
    await system.settled();
    const {body} = await system.call('GET', '/v1/sign-in-alerts', {token});
    expect(body).toMatchObject({items: [{account: 'guessed', failures: 5}], next: null});
  });

  it('describes every route that it has, and answers as described', async () => {
    const {body} = await system.call<{openapi: string; paths: Record<string, Record<string, object>>}>(
      'GET',
      '/openapi.json',
    );
    expect(body.openapi).toBe('3.1.0');
    const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    );
    expect(routes).toEqual(
      expect.arrayContaining([
        'POST /v1/activity',
        'GET /v1/activity/{account}',
        'GET /v1/activity/{account}/late',
        'GET /v1/windows',
        'GET /v1/live',
        'GET /v1/consumers',
        'GET /v1/dead-letters',
        'POST /v1/dead-letters',
        'POST /v1/replays',
        'GET /v1/replays',
        'GET /v1/replays/{id}',
        'GET /v1/quotas/{account}',
        'PUT /v1/quotas/{account}',
        'DELETE /v1/quotas/{account}',
        'GET /v1/sign-in-alerts',
      ]),
    );
    for (const route of routes.filter(route => route.includes(' /v1/'))) {
      const [method = '', path = ''] = route.split(' ');
      const answer = await system.call(method, path.replace(/\{\w+\}/, 'ada'), method === 'POST' ? {body: {}} : {});
      expect([route, answer.status < 500]).toEqual([route, true]);
      if (answer.status >= 400) expect([route, answer.type]).toEqual([route, PROBLEM]);
    }
  });
});

it('takes every migration back and makes it again, also after a replay has swapped tables', async () => {
  const url = await postgres.createDatabase();
  const system = await startTestStream({
    DATABASE_URL: url,
    BROKER_URL: await postgres.createDatabase(),
    LINKS: tokens.links,
  });
  await system.settled();
  const started = await system.call<Replay>('POST', '/v1/replays', {token, body: {projection: 'activity'}});
  await until(
    async () => (await system.call<Replay>('GET', `/v1/replays/${started.body.id}`, {token})).body.state === 'done',
  );
  await system[Symbol.asyncDispose]();
  const database = createPostgresDatabase({url, log: quiet, crashPoints: {hit: () => undefined}, applicationName: 't'});
  const names = MIGRATIONS.map(({name}) => name);
  expect(await migrateDown(database, MIGRATIONS, names.length)).toEqual([...names].reverse());
  const left = await database.query("select tablename from pg_tables where schemaname in ('public', 'rebuild')");
  expect(left).toEqual([{tablename: 'schema_migrations'}]);
  expect(await migrate(database, MIGRATIONS)).toEqual(names);
  await database.close();
});

describe('what is taken in', () => {
  const clock = {now: () => 0, monotonic: () => 0, sleep: async () => undefined};

  it('is bounded by its bytes, and a place that was given back is free', () => {
    const intake = createIntake({clock, log: quiet}, {lag: async () => []}, {bytesMax: 10_000, backlogMax: 10});
    const leave = intake.enter(6_000);
    expect(() => intake.enter(6_000)).toThrow(/More is being sent/);
    leave();
    leave();
    intake.enter(6_000);
    expect(() => intake.enter(6_000)).toThrow(/More is being sent/);
  });

  it('is bounded by what waits to be counted', async () => {
    const lag = async () => [{stream: 'activity', group: 'stream', partition: 0, lag: 11, position: 0, member: null}];
    const intake = createIntake({clock, log: quiet}, {lag}, {bytesMax: 10_000, backlogMax: 10});
    intake.enter(1)();
    await until(() => {
      try {
        intake.enter(1)();
        return false;
      } catch (error) {
        expect(error).toMatchObject({status: 503, headers: {'retry-after': '1'}});
        return true;
      }
    });
  });
});
