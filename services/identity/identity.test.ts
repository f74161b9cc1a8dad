import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import fc from 'fast-check';
import {createRemoteJWKSet, decodeJwt, jwtVerify} from 'jose';
import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Broker, Delivery} from '../kit/broker.ts';
import {createPostgresBroker} from '../kit/broker-postgres.ts';
import type {CrashPoint} from '../kit/environment.ts';
import {createSystemClock} from '../kit/system-clock.ts';
import {openCable} from '../kit/testing/cable.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {bundleService, type ServiceProcess, spawnService} from '../kit/testing/process.ts';

const PASSWORD = 'correct horse battery';

let bundled: Awaited<ReturnType<typeof bundleService>>;
let postgres: TestPostgres;
const opened: {close(): Promise<unknown>}[] = [];

beforeAll(async () => {
  [bundled, postgres] = await Promise.all([
    bundleService(fileURLToPath(new URL('main.ts', import.meta.url))),
    startTestPostgres(),
  ]);
});

afterAll(async () => {
  await Promise.all(opened.map(one => one.close()));
  await Promise.all([bundled.remove(), postgres[Symbol.asyncDispose]()]);
});

describe('identity', () => {
  it('opens an account, signs it in, and knows it by its token', async () => {
    const {start, broker} = await newSystem();
    await using identity = await start();
    const account = await register(identity, {name: 'Ada'});
    expect(account).toMatchObject({status: 201, body: {name: 'Ada', id: expect.any(String)}});
    const session = await post(identity, '/v1/sessions', {account: account.body.id, password: PASSWORD});
    expect(session.status).toBe(201);
    const {token, expiresAt} = session.body as {token: string; expiresAt: string};
    const {payload, protectedHeader} = await jwtVerify(
      token,
      createRemoteJWKSet(new URL(`${identity.base}/.well-known/jwks.json`)),
      {
        issuer: 'teralab-identity',
        audience: 'stream',
      },
    );
    expect(payload).toMatchObject({sub: account.body.id, aud: ['gateway', 'identity', 'stream']});
    expect(protectedHeader).toMatchObject({alg: 'EdDSA', kid: expect.any(String)});
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900);
    expect(Date.parse(expiresAt)).toBe((payload.exp ?? 0) * 1_000);
    const me = await get(identity, '/v1/accounts/me', token);
    expect(me).toMatchObject({status: 200, body: account.body});

    const events = await eventsOf(broker, 2);
    expect(events.map(({type}) => type)).toEqual(['account.registered', 'session.started']);
    expect(events[0]).toMatchObject({key: account.body.id, data: {account: account.body.id, name: 'Ada'}});
    for (const {headers} of events) expect(headers?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(Object.keys(events[1]?.headers ?? {})).toEqual(['traceparent']);
  });

  it('puts the event of a request into the trace of the request', async () => {
    const {start, broker} = await newSystem();
    await using identity = await start();
    const traceId = 'abcdefabcdefabcdefabcdefabcdef12';
    await register(identity, {headers: {traceparent: `00-${traceId}-1234567890abcdef-01`}});
    const [event] = await eventsOf(broker, 1);
    expect(event?.headers?.traceparent).toContain(traceId);
  });

  it('refuses wrong passwords, unknown accounts and tokens of others with 401', async () => {
    const {start} = await newSystem();
    await using identity = await start();
    const {body} = await register(identity);
    const wrong = await post(identity, '/v1/sessions', {account: body.id, password: 'not the password'});
    const unknown = await post(identity, '/v1/sessions', {account: randomUUID(), password: PASSWORD});
    expect([wrong.status, unknown.status, wrong.type, unknown.type]).toEqual([401, 401, PROBLEM, PROBLEM]);
    expect(wrong.body.detail).toBe(unknown.body.detail);

    const {start: startOther} = await newSystem();
    await using other = await startOther();
    const foreign = await tokenFor(other);
    const own = await tokenFor(identity);
    const [head, claims, signature = ''] = own.split('.');
    const forged = `${head}.${Buffer.from(JSON.stringify({...decodeJwt(own), sub: 'x'})).toString('base64url')}.${signature}`;
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    for (const token of [foreign, forged, unsigned, 'garbage', '']) {
      expect(await get(identity, '/v1/accounts/me', token)).toMatchObject({status: 401, type: PROBLEM});
    }
  });

  it('answers every bad registration with a problem of the 400s', async () => {
    const {start, sql} = await newSystem();
    await using identity = await start();
    const bad = fc.oneof(
      fc.jsonValue(),
      fc.record({
        name: fc.oneof(
          fc.string({minLength: 81}),
          fc.constant(''),
          fc.constant('a\0b'),
          fc.integer(),
          fc.constant('\ud800'),
        ),
      }),
      fc.record({
        name: fc.constant('Ada'),
        password: fc.oneof(fc.string({maxLength: 7}), fc.constant('x'.repeat(201)), fc.integer()),
      }),
      fc.record({name: fc.constant('Ada'), password: fc.constant(PASSWORD), more: fc.jsonValue({maxDepth: 1})}),
    );
    await fc.assert(
      fc.asyncProperty(bad, async body => {
        const {status, type, body: problem} = await post(identity, '/v1/accounts', body ?? null);
        expect(status).toBe(400);
        expect(type).toBe(PROBLEM);
        expect(problem).toMatchObject({title: expect.any(String), status: 400, type: expect.any(String)});
      }),
      {numRuns: 100},
    );
    expect(await sql('select 1 from accounts')).toEqual([]);
  });

  it('keeps one signing key for all replicas and over restarts, sealed', async () => {
    const {start, sql} = await newSystem();
    const [first, second] = await Promise.all([start(), start()]);
    const {id, token} = await accountWithToken(first);
    expect(await get(second, '/v1/accounts/me', token)).toMatchObject({status: 200, body: {id}});
    await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()]);
    await using third = await start();
    expect(await get(third, '/v1/accounts/me', token)).toMatchObject({status: 200, body: {id}});
    const rows = await sql('select * from signing_keys');
    // The current key, and the next one.
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toMatch(/"d":/);
  });

  it('makes a new signing key when the old one was sealed with another secret, which still verifies', async () => {
    const {start} = await newSystem();
    const before = await start();
    const {id, token} = await accountWithToken(before);
    await before[Symbol.asyncDispose]();
    await using after = await start({SESSION_SECRET: 'another secret of another session'});
    expect(await get(after, '/v1/accounts/me', token)).toMatchObject({status: 200, body: {id}});
    const session = await post(after, '/v1/sessions', {account: id, password: PASSWORD});
    expect(await get(after, '/v1/accounts/me', String(session.body.token))).toMatchObject({status: 200});
  });
});

describe('registration', () => {
  it('replays the stored answer for the same key and payload, and refuses another payload', async () => {
    const {start, sql} = await newSystem();
    await using identity = await start();
    const headers = {'idempotency-key': 'k1', 'x-client-id': 'client'};
    const first = await register(identity, {headers, name: 'Ada'});
    const again = await register(identity, {headers, name: 'Ada'});
    expect([again.status, again.text]).toEqual([201, first.text]);
    const other = await register(identity, {headers, name: 'Eve'});
    expect(other).toMatchObject({status: 422, type: PROBLEM});
    const otherClient = await register(identity, {headers: {...headers, 'x-client-id': 'another'}, name: 'Ada'});
    expect(otherClient.status).toBe(201);
    expect(otherClient.body.id).not.toBe(first.body.id);
    expect(await sql('select 1 from accounts')).toHaveLength(2);
  });

  it('opens one account per operation when pairs arrive at the same instant at two replicas', async () => {
    const {start, sql, broker} = await newSystem();
    await using first = await start();
    await using second = await start();
    const attempt = async (key: string): Promise<readonly number[]> => {
      const send = (replica: Replica) =>
        register(replica, {headers: {'idempotency-key': key, 'x-client-id': 'c'}, name: key});
      const pair = await Promise.all([send(first), send(second)]);
      const created = pair.filter(({status}) => status === 201);
      expect(created.length).toBeGreaterThan(0);
      expect(new Set(created.map(({text}) => text)).size).toBe(1);
      expect((await send(second)).text).toBe(created[0]?.text);
      return pair.map(({status}) => status);
    };
    const statuses: (readonly number[])[] = [];
    // No more at the same time than a replica has passwords wait.
    for (let round = 0; round < 3; round += 1)
      statuses.push(...(await Promise.all(Array.from({length: 20}, () => attempt(randomUUID())))));
    expect(statuses.flat().every(status => status === 201 || status === 409)).toBe(true);
    expect(await sql('select 1 from accounts')).toHaveLength(60);
    const events = await eventsOf(broker, 60);
    expect(new Set(events.map(({key}) => key)).size).toBe(60);
  });

  it('says 409 without waiting while the key is in the hands of another transaction', async () => {
    const {start, url} = await newSystem();
    await using identity = await start();
    const holder = await connect(url);
    await holder.query('begin');
    await holder.query('select pg_advisory_xact_lock(hashtextextended($1, 1))', [JSON.stringify(['c', 'k'])]);
    const headers = {'idempotency-key': 'k', 'x-client-id': 'c'};
    expect(await register(identity, {headers})).toMatchObject({status: 409, type: PROBLEM});
    await holder.query('rollback');
    expect((await register(identity, {headers})).status).toBe(201);
  });
});

describe('the publisher', () => {
  it('accepts accounts while the broker is away, and tells of them when it is back', async () => {
    const {start, brokerUrl, broker} = await newSystem();
    const port = Number(new URL(brokerUrl).port);
    const cable = await openCable({host: '127.0.0.1', port});
    await using identity = await start({BROKER_URL: brokerUrl.replace(`:${port}`, `:${cable.port}`)});
    await register(identity, {name: 'before'});
    await eventsOf(broker, 1);
    cable.goSilent();
    const meanwhile = await Promise.all(Array.from({length: 10}, () => register(identity)));
    expect(meanwhile.map(({status}) => status)).toEqual(Array.from({length: 10}, () => 201));
    expect((await fetch(`${identity.base}/readyz`)).status).toBe(200);
    expect(await broker.read('identity.events')).toHaveLength(1);
    await cable[Symbol.asyncDispose]();
    await using back = await openCableAt(cable.port, port);
    const events = await eventsOf(broker, 11);
    expect(back.port).toBe(cable.port);
    expect(new Set(events.slice(1).map(({key}) => key))).toEqual(new Set(meanwhile.map(({body}) => body.id)));
  });

  it.each<CrashPoint>(['before_commit', 'after_commit_before_publish', 'before_publish', 'after_publish'])(
    'loses and doubles nothing when replicas are killed at %s',
    async point => {
      const {start, sql, broker} = await newSystem();
      const replicas = [await start(), await start()];
      const acknowledged: string[] = [];
      let writing = true;
      const writer = async (): Promise<void> => {
        while (writing) {
          const key = randomUUID();
          for (let sends = 0, done = false; !done && writing; sends += 1) {
            const replica = replicas[sends % 2] as Replica;
            const answer = await register(replica, {headers: {'idempotency-key': key, 'x-client-id': 'c'}}).catch(
              () => undefined,
            );
            done = answer?.status === 201;
            if (done) acknowledged.push(String(answer?.body.id));
            else await sleep(10);
          }
        }
      };
      const writers = [writer(), writer(), writer()];
      for (let kills = 0; kills < 3; kills += 1) {
        const index = kills % 2;
        const victim = replicas[index] as Replica;
        victim.process.tell({type: 'arm', point, skip: kills});
        expect((await victim.process.exited).signal).toBe('SIGKILL');
        replicas[index] = await start();
      }
      const enough = acknowledged.length + 5;
      await until(() => acknowledged.length >= enough);
      writing = false;
      await Promise.all(writers);
      await until(async () => (await sql('select 1 from outbox where published_at is null')).length === 0);
      await Promise.all(replicas.map(replica => replica[Symbol.asyncDispose]()));
      const accounts = (await sql('select id from accounts order by id')).map(row => String(row.id));
      const published = (await broker.read('identity.events')).map(({key}) => key).sort();
      expect(published).toEqual(accounts);
      expect(acknowledged.filter(id => !accounts.includes(id))).toEqual([]);
    },
  );

  it('keeps the order of one account when both replicas write to it', async () => {
    const {start, broker} = await newSystem();
    await using first = await start();
    await using second = await start();
    const {body} = await register(first);
    await Promise.all(
      [first, second, first, second].map(one => post(one, '/v1/sessions', {account: body.id, password: PASSWORD})),
    );
    const events = await eventsOf(broker, 5);
    expect(events.map(({type}) => type)).toEqual([
      'account.registered',
      ...Array.from({length: 4}, () => 'session.started'),
    ]);
  });
});

const PROBLEM = 'application/problem+json';

interface Replica extends AsyncDisposable {
  readonly base: string;
  readonly process: ServiceProcess;
}

/** A database and a broker for replicas of identity. */
async function newSystem() {
  const [url, brokerUrl] = [await postgres.createDatabase(), await postgres.createDatabase()];
  const broker = createPostgresBroker({
    url: brokerUrl,
    clock: createSystemClock(),
    log: {debug() {}, info() {}, warn() {}, error() {}},
  });
  opened.push(broker);
  let replicas = 0;
  return {
    url,
    brokerUrl,
    broker,
    async start(env: Readonly<Record<string, string>> = {}): Promise<Replica> {
      replicas += 1;
      const process = spawnService(bundled.file, {
        NODE_NAME: `identity-${replicas}`,
        DATABASE_URL: url,
        BROKER_URL: brokerUrl,
        PROFILE: 'lab',
        SESSION_SECRET: 'a secret for tests',
        ...env,
      });
      return {base: await process.url(), process, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]()};
    },
    async sql(text: string): Promise<readonly Record<string, unknown>[]> {
      const client = await connect(url);
      return (await client.query<Record<string, unknown>>(text)).rows;
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({connectionString: url});
  client.on('error', () => undefined);
  await client.connect();
  opened.push({close: () => client.end().catch(() => undefined)});
  return client;
}

/** A cable on a given port, once it is free again. */
async function openCableAt(port: number, target: number): Promise<{readonly port: number} & AsyncDisposable> {
  const {createServer, connect: dial} = await import('node:net');
  const server = createServer(near => {
    const far = dial(target, '127.0.0.1');
    near
      .on('error', () => far.destroy())
      .on('close', () => far.destroy())
      .pipe(far);
    far
      .on('error', () => near.destroy())
      .on('close', () => near.destroy())
      .pipe(near);
  });
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, '127.0.0.1', resolve));
  return {port, [Symbol.asyncDispose]: async () => void server.close()};
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const type = response.headers.get('content-type')?.split(';')[0] ?? null;
  return {status: response.status, type, text, body: JSON.parse(text) as Record<string, unknown>};
}

async function post(
  {base}: Replica,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(base + path, {
    method: 'POST',
    headers: {'content-type': 'application/json', ...headers},
    body: JSON.stringify(body),
  });
  return toAnswer(response);
}

async function get({base}: Replica, path: string, token: string): Promise<Answer> {
  return toAnswer(await fetch(base + path, {headers: {authorization: `Bearer ${token}`}}));
}

function register(
  replica: Replica,
  {name = 'Ada', headers = {}}: {name?: string; headers?: Readonly<Record<string, string>>} = {},
): Promise<Answer> {
  return post(replica, '/v1/accounts', {name, password: PASSWORD}, headers);
}

async function accountWithToken(replica: Replica): Promise<{readonly id: string; readonly token: string}> {
  const {body} = await register(replica);
  const session = await post(replica, '/v1/sessions', {account: body.id, password: PASSWORD});
  return {id: String(body.id), token: String(session.body.token)};
}

async function tokenFor(replica: Replica): Promise<string> {
  return (await accountWithToken(replica)).token;
}

/** The published events, once there are `count`. */
async function eventsOf(broker: Broker, count: number): Promise<readonly Delivery[]> {
  let events: readonly Delivery[] = [];
  await until(async () => {
    events = await broker.read('identity.events');
    return events.length >= count;
  });
  expect(events).toHaveLength(count);
  return events;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Did not come true within 30 s: ${String(condition)}`);
    await sleep(10);
  }
}
