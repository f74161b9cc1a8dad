import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {createPostgresBroker} from '../kit/broker-postgres.ts';
import {createSystemClock} from '../kit/system-clock.ts';
import {openCable} from '../kit/testing/cable.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {bundleService, type ServiceProcess, spawnService} from '../kit/testing/process.ts';

const PASSWORD = 'correct horse battery';
const SECRET = 'a secret for tests';
const PROBLEM = 'application/problem+json';
const quiet = {debug() {}, info() {}, warn() {}, error() {}};

let bundles: Record<'identity' | 'stream', Awaited<ReturnType<typeof bundleService>>>;
let postgres: TestPostgres;
let identity: ServiceProcess;
let identityUrl: string;
let identityEnv: Readonly<Record<string, string>>;
let brokerUrl: string;
const opened: {close(): Promise<unknown>}[] = [];

beforeAll(async () => {
  const bundle = (name: string) => bundleService(fileURLToPath(new URL(`../${name}/main.ts`, import.meta.url)));
  const [identityBundle, streamBundle, server] = await Promise.all([
    bundle('identity'),
    bundle('stream'),
    startTestPostgres(),
  ]);
  bundles = {identity: identityBundle, stream: streamBundle};
  postgres = server;
  brokerUrl = await postgres.createDatabase();
  identityEnv = {
    DATABASE_URL: await postgres.createDatabase(),
    BROKER_URL: brokerUrl,
    PROFILE: 'lab',
    SESSION_SECRET: SECRET,
  };
  identity = spawnService(bundles.identity.file, identityEnv);
  identityUrl = await identity.url();
});

afterAll(async () => {
  await Promise.all(opened.map(one => one.close()));
  await identity[Symbol.asyncDispose]();
  await Promise.all([...Object.values(bundles).map(one => one.remove()), postgres[Symbol.asyncDispose]()]);
});

describe('registrations', () => {
  it('are what identity tells of its accounts', async () => {
    await using system = await newSystem({BROKER_URL: brokerUrl});
    const {id} = await newAccount('Grace');
    await until(async () => (await system.sql(`select 1 from registrations where account = '${id}'`)).length === 1);
    const [row] = await system.sql(
      `select r.*, e.count from registrations r join account_effects e using (account, event_id) where account = '${id}'`,
    );
    expect(row).toMatchObject({account: id, name: 'Grace', event_id: `account.registered/${id}`, count: 1});
  });

  it('take effect once, over kills between effect and acknowledgement and a replay of all', async () => {
    await using system = await newSystem();
    const publish = (from: number, to: number) =>
      system.broker.publish(
        'identity.events',
        Array.from({length: to - from}, (_, n) => registered(`a${from + n}`)),
      );
    await publish(0, 100);
    for (let kills = 0; kills < 3; kills += 1) {
      system.stream.process.tell({type: 'arm', point: 'before_ack', skip: kills});
      await system.stream.process.until(() => system.stream.process.reports.some(({type}) => type === 'armed'));
      await publish(100 * (kills + 1), 100 * (kills + 2));
      await system.broker.seek('identity.events', 'stream', 0);
      expect((await system.stream.process.exited).signal).toBe('SIGKILL');
      await system.restart();
    }
    await system.broker.seek('identity.events', 'stream', 0);
    await until(async () => (await lagOf(system)) === 0);
    expect(await system.sql('select count(*)::int as rows from registrations')).toEqual([{rows: 400}]);
    expect(await system.sql('select count(*)::int as rows, sum(count)::int as effects from account_effects')).toEqual([
      {rows: 400, effects: 400},
    ]);
    const [position] = await system.sql('select max(position)::int as last from projected');
    expect(position?.last).toBe((await system.broker.read('identity.events')).at(-1)?.position);
  });

  it('go on behind an event that cannot be one, which is kept with the reason', async () => {
    await using system = await newSystem();
    await system.broker.publish('identity.events', [
      registered('good'),
      {...registered('bad'), data: {account: 7}},
      {...registered('null'), data: {account: 'a\0', name: 'x'}},
      {...registered('session'), type: 'session.started', data: {}},
      registered('fine'),
    ]);
    await until(async () => (await lagOf(system)) === 0);
    expect(
      (await system.sql('select account from registrations order by account')).map(({account}) => account),
    ).toEqual(['fine', 'good']);
    const letters = await system.broker.deadLetters('identity.events');
    expect(letters.map(({message}) => message.id).sort()).toEqual(['event/bad', 'event/null']);
    expect(letters[0]?.reason).toMatch(/account/);
  });

  it('wait for a database that is away, however long, and lose none', async () => {
    const url = await postgres.createDatabase();
    const port = Number(new URL(url).port);
    const cable = await openCable({host: '127.0.0.1', port});
    await using system = await newSystem({DATABASE_URL: url.replace(`:${port}`, `:${cable.port}`)});
    await cable[Symbol.asyncDispose]();
    await system.broker.publish('identity.events', [registered('a'), registered('b')]);
    const failures = () =>
      system.stream.process.log.filter(({msg}) => String(msg).includes('could not be projected')).length;
    await until(() => failures() >= 7);
    expect((await fetch(`${system.stream.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${system.stream.url}/livez`)).status).toBe(200);
    expect(await system.broker.deadLetters('identity.events')).toEqual([]);
    expect(await lagOf(system)).toBe(2);
  });
});

describe('activity', () => {
  it('comes back to its account, page by page, the newest first', async () => {
    await using system = await newSystem();
    const {id, token} = await newAccount();
    const events = Array.from({length: 25}, (_, n) => ({
      id: `e${n}`,
      kind: 'step',
      at: new Date(1_700_000_000_000 + n * 1_000).toISOString(),
    }));
    const accepted = await call(system, 'POST', '/v1/activity', {token, body: {events}});
    expect(accepted).toMatchObject({status: 202, body: {ids: events.map(event => event.id)}});
    await call(system, 'POST', '/v1/activity', {token, body: {events}});
    await until(async () => (await lagOf(system, 'activity')) === 0);
    const first = await call(system, 'GET', `/v1/activity/${id}`, {token});
    expect(first.body.items).toEqual(events.slice(5).reverse());
    const second = await call(system, 'GET', `/v1/activity/${id}?cursor=${String(first.body.next)}`, {token});
    expect(second.body).toEqual({items: events.slice(0, 5).reverse(), next: null});
    expect(await call(system, 'GET', `/v1/activity/${id}?cursor=nonsense`, {token})).toMatchObject({
      status: 400,
      type: PROBLEM,
    });
  });

  it('is counted in windows of its own time, each event once', async () => {
    await using system = await newSystem();
    const {token} = await newAccount();
    const at = (second: number) => new Date(Date.UTC(2024, 0, 1, 0, 0, second)).toISOString();
    const events = [0, 3, 9, 9, 10, 11, 29].map((second, n) => ({id: `e${n}`, kind: 'k', at: at(second)}));
    for (let times = 0; times < 2; times += 1) await call(system, 'POST', '/v1/activity', {token, body: {events}});
    await until(async () => (await lagOf(system, 'activity')) === 0);
    await system.broker.seek('activity', 'stream', 0);
    await until(async () => (await lagOf(system, 'activity')) === 0);
    const {body} = await call(system, 'GET', '/v1/windows?size=10s');
    expect(body).toMatchObject({
      size: '10s',
      every: '10s',
      windows: [
        {start: at(20), end: at(30), count: 1},
        {start: at(10), end: at(20), count: 2},
        {start: at(0), end: at(10), count: 4},
      ],
      late: 0,
      next: null,
    });
    expect((await call(system, 'GET', '/v1/windows?size=1m')).body.windows).toMatchObject([
      {start: at(0), end: at(60), count: 7},
    ]);
    for (const size of ['0s', '10', '25h', '-1s', '1d'])
      expect(await call(system, 'GET', `/v1/windows?size=${size}`)).toMatchObject({status: 400});
  });

  it('takes one event with an id and a time of its own making', async () => {
    await using system = await newSystem();
    const {id, token} = await newAccount();
    const {status, body} = await call(system, 'POST', '/v1/activity', {token, body: {kind: 'login'}});
    expect([status, (body.ids as string[]).length]).toEqual([202, 1]);
    await until(
      async () => ((await call(system, 'GET', `/v1/activity/${id}`, {token})).body.items as unknown[]).length === 1,
    );
  });

  it('is refused with a problem when it is not activity', async () => {
    await using system = await newSystem();
    const {token} = await newAccount();
    const bad = [
      {},
      {kind: ''},
      {kind: 'a\0'},
      {kind: 'k', at: 'yesterday'},
      {kind: 'k', at: '2999-01-01T00:00:00Z'},
      {events: []},
      {kind: 'k', more: 1},
      {events: Array.from({length: 501}, () => ({kind: 'k'}))},
      [],
      null,
      'text',
    ];
    for (const body of bad)
      expect(await call(system, 'POST', '/v1/activity', {token, body})).toMatchObject({status: 400, type: PROBLEM});
  });

  it('belongs to the account of the token, whoever vouches for the caller', async () => {
    await using system = await newSystem();
    const [mine, other] = [await newAccount(), await newAccount()];
    const path = `/v1/activity/${mine.id}`;
    const [head, claims, signature] = mine.token.split('.');
    expect((await call(system, 'GET', path, {token: other.token})).status).toBe(403);
    expect((await call(system, 'GET', path)).status).toBe(401);
    expect((await call(system, 'GET', '/v1/consumers')).status).toBe(401);
    expect((await call(system, 'POST', '/v1/activity', {body: {kind: 'k'}})).status).toBe(401);
    expect(
      (await call(system, 'GET', path, {token: `${head}.${claims}.${signature?.split('').reverse().join('')}`})).status,
    ).toBe(401);
    expect((await call(system, 'GET', path, {token: mine.token})).status).toBe(200);
  });

  it('says 503 while the broker is away, and is read all the same', async () => {
    const cable = await openCable({host: '127.0.0.1', port: postgres.port});
    const url = await postgres.createDatabase();
    await using system = await newSystem({BROKER_URL: url.replace(`:${postgres.port}`, `:${cable.port}`)});
    const {id, token} = await newAccount();
    await cable[Symbol.asyncDispose]();
    expect(await call(system, 'POST', '/v1/activity', {token, body: {kind: 'k'}})).toMatchObject({
      status: 503,
      type: PROBLEM,
    });
    expect((await call(system, 'GET', `/v1/activity/${id}`, {token})).status).toBe(200);
    expect((await call(system, 'GET', '/v1/consumers', {token})).status).toBe(503);
    expect((await fetch(`${system.stream.url}/readyz`)).status).toBe(200);
  });
});

describe('tokens', () => {
  it('are verified while identity is away, and after it was started again', async () => {
    await using own = spawnService(bundles.identity.file, identityEnv);
    const url = await own.url();
    await using system = await newSystem({LINKS: links(url)});
    const {id, token} = await newAccount('Ada', url);
    expect((await call(system, 'GET', `/v1/activity/${id}`, {token})).status).toBe(200);
    own.child.kill('SIGKILL');
    await own.exited;
    expect((await call(system, 'GET', `/v1/activity/${id}`, {token})).status).toBe(200);
    await using again = spawnService(bundles.identity.file, {...identityEnv, PORT: new URL(url).port});
    await again.url();
    const later = await newAccount('Bob', url);
    expect((await call(system, 'GET', `/v1/activity/${later.id}`, {token: later.token})).status).toBe(200);
  });

  it('are never believed where there is nobody to give keys', async () => {
    await using system = await newSystem({LINKS: '{}'});
    const {id, token} = await newAccount();
    expect(await call(system, 'GET', `/v1/activity/${id}`, {token})).toMatchObject({status: 503, type: PROBLEM});
  });
});

it('says how far its consumers are behind', async () => {
  await using system = await newSystem();
  const {token} = await newAccount();
  await until(
    async () => ((await call(system, 'GET', '/v1/consumers', {token})).body.consumers as unknown[]).length === 2,
  );
  const {body} = await call(system, 'GET', '/v1/consumers', {token});
  expect(body.consumers).toMatchObject([
    {stream: 'identity.events', group: 'stream', lag: 0},
    {stream: 'activity', group: 'stream', lag: 0},
  ]);
});

interface System extends AsyncDisposable {
  readonly broker: ReturnType<typeof createPostgresBroker>;
  stream: {readonly url: string; readonly process: ServiceProcess};
  restart(): Promise<void>;
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
}

/** A stream with a database and, unless told otherwise, a broker of its own. */
async function newSystem(env: Readonly<Record<string, string>> = {}): Promise<System> {
  const [url, ownBroker] = [await postgres.createDatabase(), await postgres.createDatabase()];
  const full = {NODE_NAME: 'stream-1', DATABASE_URL: url, BROKER_URL: ownBroker, LINKS: links(identityUrl), ...env};
  const direct = full.BROKER_URL.replace(/:\d+\//, `:${postgres.port}/`);
  const broker = createPostgresBroker({url: direct, clock: createSystemClock(), log: quiet});
  opened.push(broker);
  await Promise.all([broker.ensureStream('identity.events'), broker.ensureStream('activity')]);
  const start = async () => {
    const process = spawnService(bundles.stream.file, full);
    return {url: await process.url(), process};
  };
  const system: System = {
    broker,
    stream: await start(),
    async restart() {
      system.stream = await start();
    },
    async sql(text) {
      const client = new pg.Client({connectionString: full.DATABASE_URL});
      await client.connect();
      return client
        .query<Record<string, unknown>>(text)
        .then(({rows}) => rows)
        .finally(() => client.end());
    },
    [Symbol.asyncDispose]: () => system.stream.process[Symbol.asyncDispose](),
  };
  return system;
}

function links(url: string): string {
  return JSON.stringify({identity: [{node: 'identity-1', url}]});
}

function registered(account: string) {
  return {
    id: `event/${account}`,
    key: account,
    type: 'account.registered',
    data: {account, name: `name of ${account}`},
  };
}

async function newAccount(name = 'Ada', url = identityUrl): Promise<{readonly id: string; readonly token: string}> {
  const {body: account} = await request('POST', `${url}/v1/accounts`, {body: {name, password: PASSWORD}});
  const {body: session} = await request('POST', `${url}/v1/sessions`, {
    body: {account: account.id, password: PASSWORD},
  });
  return {id: String(account.id), token: String(session.token)};
}

function call(
  {stream}: System,
  method: string,
  path: string,
  options: {readonly token?: string; readonly body?: unknown} = {},
) {
  return request(method, stream.url + path, options);
}

async function request(method: string, url: string, {token, body}: {readonly token?: string; readonly body?: unknown}) {
  const response = await fetch(url, {
    method,
    headers: {
      'x-request-id': randomUUID(),
      ...(token === undefined ? {} : {authorization: `Bearer ${token}`}),
      ...(body === undefined ? {} : {'content-type': 'application/json'}),
    },
    ...(body === undefined ? {} : {body: JSON.stringify(body)}),
  });
  const type = response.headers.get('content-type')?.split(';')[0];
  return {status: response.status, type, body: (await response.json()) as Record<string, unknown>};
}

/** What the service has not projected yet of a stream. */
async function lagOf({broker}: System, stream = 'identity.events'): Promise<number> {
  const lag = await broker.lag(stream);
  return lag.length === 0 ? Number.POSITIVE_INFINITY : lag.reduce((sum, one) => sum + one.lag, 0);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Did not come true within 30 s: ${String(condition)}`);
    await sleep(10);
  }
}
