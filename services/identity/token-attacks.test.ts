import {generateKeyPairSync, type JsonWebKey} from 'node:crypto';
import {connect} from 'node:net';
import {fileURLToPath} from 'node:url';
import pg from 'pg';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {bundleService, type ServiceProcess, spawnService} from '../kit/testing/process.ts';
import {operatorKey} from './access.ts';
import {deriveKey, unseal} from './seal.ts';
import {type Caller, createCaller} from './testing/call.ts';
import {decode, type Forgery, forgeries, type Material, signed} from './testing/forgeries.ts';
import {PASSWORD, SECRET} from './testing/identity-system.ts';

const SERVICES = ['identity', 'stream', 'gateway'] as const;
type Service = (typeof SERVICES)[number];

let postgres: TestPostgres;
let database: pg.Client;
const bundles: Awaited<ReturnType<typeof bundleService>>[] = [];
const processes: ServiceProcess[] = [];
const call = {} as Record<Service, Caller>;
const urls = {} as Record<Service, string>;
let victim: Person;
let material: Material;
/** Good tokens of the victim by the key that signed them. */
let byKey: Readonly<Record<'current' | 'previous', string>>;

interface Person {
  readonly account: string;
  readonly token: string;
  readonly refreshToken: string;
}

/** What a token of `account` opens, for each service; the gateway verifies by itself and passes on. */
const doors = (account: string): readonly (readonly [Service, string, string, unknown?])[] => [
  ['identity', 'GET', '/v1/accounts/me'],
  ['identity', 'PUT', `/v1/accounts/${account}/roles`, {roles: ['admin']}],
  ['identity', 'POST', '/v1/keys/rotate', {compromised: true}],
  ['identity', 'DELETE', '/v1/sessions/current'],
  ['stream', 'GET', `/v1/activity/${account}`],
  ['stream', 'POST', '/v1/activity', {kind: 'forged'}],
  ['gateway', 'GET', `/v1/activity/${account}`],
  ['gateway', 'GET', '/v1/accounts/me'],
];

beforeAll(async () => {
  postgres = await startTestPostgres();
  bundles.push(
    ...(await Promise.all(
      SERVICES.map(name => bundleService(fileURLToPath(new URL(`../${name}/main.ts`, import.meta.url)))),
    )),
  );
  const brokerUrl = await postgres.createDatabase();
  const databaseUrl = await postgres.createDatabase();
  const start = async (service: Service, env: Readonly<Record<string, string>>): Promise<void> => {
    const {file} = bundles[SERVICES.indexOf(service)] as {file: string};
    const process = spawnService(file, {NODE_NAME: `${service}-1`, BROKER_URL: brokerUrl, LOG_LEVEL: 'trace', ...env});
    processes.push(process);
    urls[service] = await process.url();
    call[service] = createCaller(urls[service]);
  };
  await start('identity', {DATABASE_URL: databaseUrl, PROFILE: 'lab', SESSION_SECRET: SECRET});
  database = new pg.Client({connectionString: databaseUrl});
  await database.connect();
  const prepared = await prepare();
  // Only now does anybody else ask for keys.
  const links = (...services: Service[]): string =>
    JSON.stringify(Object.fromEntries(services.map(name => [name, [{node: `${name}-1`, url: urls[name]}]])));
  await start('stream', {DATABASE_URL: await postgres.createDatabase(), LINKS: links('identity')});
  await start('gateway', {LINKS: links('identity', 'stream')});
  ({victim, material, byKey} = prepared);
});

afterAll(async () => {
  await database.end();
  await Promise.all(processes.map(one => one[Symbol.asyncDispose]()));
  await Promise.all([...bundles.map(one => one.remove()), postgres[Symbol.asyncDispose]()]);
});

describe('a forged or broken token', () => {
  it('is accepted by nobody, and each is answered with a problem', async () => {
    const attacks = forgeries(material);
    expect(new Set(attacks.map(([, authorization]) => authorization)).size).toBe(attacks.length);
    expect(attacks.length).toBeGreaterThanOrEqual(120);
    const seen: string[] = [];
    await inBatches(attacks, 8, async ([name, authorization]) => {
      for (const [service, method, path, body] of doors(victim.account)) {
        const answer = await call[service](method, path, {authorization, body});
        const isRight =
          answer.status === 401 && answer.type === 'application/problem+json' && answer.body.status === 401;
        if (!isRight)
          seen.push(`${name} at ${service}, ${method} ${path}: ${answer.status} ${answer.text.slice(0, 100)}`);
      }
    });
    expect(seen).toEqual([]);
    // And nothing came of it.
    expect((await database.query('select 1 from account_roles')).rows).toEqual([]);
    expect(await call.stream('GET', `/v1/activity/${victim.account}`, victim)).toMatchObject({body: {items: []}});
  });

  it('is refused also where HTTP itself is broken', async () => {
    const {token} = victim;
    const raw: Readonly<Record<string, string>> = {
      'a null byte in the token': `authorization: Bearer ${token}\u0000`,
      'a null byte before it': `authorization: Bearer \u0000${token}`,
      'a line break in it': `authorization: Bearer ${token.slice(0, 20)}\n${token.slice(20)}`,
      'other control characters': `authorization: Bearer \u0001${token}`,
      'a header of 20 kB': `authorization: Bearer ${'a'.repeat(20_000)}`,
      'bytes above ASCII': `authorization: Bearer \u00e9${token}`,
      'two headers, the bad one first': `authorization: Bearer garbage\r\nauthorization: Bearer ${token}`,
    };
    for (const service of SERVICES) {
      for (const [name, header] of Object.entries(raw)) {
        const path = service === 'identity' ? '/v1/accounts/me' : `/v1/activity/${victim.account}`;
        const answer = await sendRaw(
          urls[service],
          `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${header}\r\n\r\n`,
        );
        expect(answer, `${name} at ${service}`).toMatch(/^HTTP\/1\.1 (400|401|431) /);
        expect(answer, `${name} at ${service}`).toContain('application/problem+json');
      }
    }
  });

  it('is worth nothing as a refresh token, and neither is an access token', async () => {
    const strangers = [
      victim.token,
      'garbage',
      'a'.repeat(200),
      material.refreshToken.toUpperCase(),
      `${material.refreshToken}=`,
      ` ${material.refreshToken}`,
    ];
    for (const refreshToken of strangers) {
      const {status} = await call.gateway('POST', '/v1/sessions/refresh', {body: {refreshToken}});
      // One that is longer than any token is refused before it is looked up.
      expect(status, refreshToken).toBe(refreshToken.length > 200 ? 400 : 401);
    }
    for (const body of [
      {},
      {refreshToken: 1},
      {refreshToken: null},
      {refreshToken: ['a']},
      {refreshToken: ''},
      null,
      [],
    ]) {
      expect((await call.gateway('POST', '/v1/sessions/refresh', {body})).status).toBe(400);
    }
    expect((await call.gateway('POST', '/v1/sessions/refresh', {body: {refreshToken: 'a\u0000b'}})).status).toBe(401);
  });
});

describe('a good token', () => {
  it.each(['current', 'previous'] as const)('is accepted by every service when the %s key signed it', async key => {
    expect(await openedBy(byKey[key])).toEqual([200, 200, 200, 200]);
  });

  it('is accepted within the leeway for clocks that differ, and for its own audience alone', async () => {
    const {privateJwk} = material;
    const header = decode(victim.token, 0);
    const claims = decode(victim.token, 1);
    const now = Math.floor(Date.now() / 1_000);
    const variants = {
      'made two seconds ahead': {iat: now + 2, exp: now + 902},
      'expired a second ago': {iat: now - 901, exp: now - 1},
      'short-lived': {iat: now, exp: now + 10},
      'with a time before which it is not good': {nbf: now - 1},
      'with a time that is just ahead': {nbf: now + 2},
      'with an audience more': {aud: ['somebody', 'gateway', 'identity', 'stream']},
    };
    for (const [name, changes] of Object.entries(variants)) {
      const token = signed(header, {...claims, ...changes}, privateJwk);
      expect(await openedBy(token), name).toEqual([200, 200, 200, 200]);
    }
    for (const audience of SERVICES) {
      const token = signed(header, {...claims, aud: audience}, privateJwk);
      const statuses = await Promise.all([
        call.identity('GET', '/v1/accounts/me', {token}),
        call.stream('GET', `/v1/activity/${victim.account}`, {token}),
        call.gateway('GET', `/v1/accounts/me`, {token}),
      ]);
      const [identity, stream, gateway] = statuses.map(({status}) => status);
      expect([identity, stream]).toEqual([audience === 'identity' ? 200 : 401, audience === 'stream' ? 200 : 401]);
      // The gateway lets it in and identity, behind it, does not.
      expect(gateway).toBe(401);
    }
  });

  it('is accepted whatever the case of the scheme and however many blanks come after it', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer  ']) {
      const answer = await call.gateway('GET', '/v1/accounts/me', {authorization: `${scheme} ${victim.token}`});
      expect(answer.status).toBe(200);
    }
  });
});

it('is accepted by nobody any more once its account is closed, and every service knows within seconds', async () => {
  const person = await open('Eve');
  expect(await openedBy(person.token, person.account)).toEqual([200, 200, 200, 200]);
  expect((await call.gateway('DELETE', '/v1/accounts/me', person)).status).toBe(204);
  expect((await call.identity('GET', '/v1/accounts/me', person)).status).toBe(401);
  // The others ask identity every 30 s, or when they meet a key that they do not know.
  const unknown = signed({...decode(victim.token, 0), kid: 'unknown'}, decode(victim.token, 1), foreignKey());
  await expect
    .poll(
      async () => {
        await Promise.all([
          call.gateway('GET', '/v1/accounts/me', {token: unknown}),
          call.stream('GET', '/v1/consumers', {token: unknown}),
        ]);
        return openedBy(person.token, person.account);
      },
      {timeout: 30_000, interval: 200},
    )
    .toEqual([401, 401, 401, 401]);
  expect((await call.gateway('POST', '/v1/sessions/refresh', {body: {refreshToken: person.refreshToken}})).status).toBe(
    401,
  );
  expect(
    (await call.gateway('POST', '/v1/sessions', {body: {account: person.account, password: PASSWORD}})).status,
  ).toBe(401);
});

it('writes no token, no password and no secret to any log', async () => {
  await call.gateway('POST', '/v1/sessions', {body: {account: victim.account, password: 'a wrong password'}});
  await call.gateway('POST', '/v1/sessions/refresh', {body: {refreshToken: material.refreshToken}});
  const logs = JSON.stringify(processes.map(({log}) => log));
  expect(logs.length).toBeGreaterThan(1_000);
  const secrets = [
    ...[victim.token, material.own, ...Object.values(material.stale)].map(token => token.split('.')[2] ?? ''),
    material.refreshToken,
    PASSWORD,
    'a wrong password',
    SECRET,
    operatorKey(SECRET),
    String(material.privateJwk.d),
  ];
  expect(secrets.filter(secret => secret === '' || logs.includes(secret))).toEqual([]);
});

/** Three generations of keys, of which the first is gone, and tokens of each. */
async function prepare(): Promise<{victim: Person; material: Material; byKey: typeof byKey}> {
  const first = await open('Victim');
  const [closed, signedOut] = [await open('Closed'), await open('Out')];
  await call.identity('DELETE', '/v1/accounts/me', closed);
  await call.identity('DELETE', '/v1/sessions/current', signedOut);
  await rotate();
  const second = await signIn(first.account);
  await rotate();
  const third = await signIn(first.account);
  const own = await open('Attacker');
  const {rows} = await database.query<{kid: string; public_jwk: JsonWebKey; sealed_private_key: string}>(
    'select * from signing_keys where activated_at is not null and retired_at is null',
  );
  const [row] = rows;
  if (row === undefined) throw new Error('There is no current key.');
  const privateKey = unseal(row.sealed_private_key, deriveKey(SECRET, 'signing keys'), row.kid) ?? '';
  return {
    victim: third,
    byKey: {current: third.token, previous: second.token},
    material: {
      good: third.token,
      own: own.token,
      refreshToken: own.refreshToken,
      privateJwk: JSON.parse(privateKey) as JsonWebKey,
      publicJwk: row.public_jwk,
      now: Math.floor(Date.now() / 1_000),
      stale: {
        'the key before the previous one': first.token,
        'an account that was closed': closed.token,
        'a session that was ended': signedOut.token,
      },
    },
  };
}

async function rotate(): Promise<void> {
  await database.query(
    `update signing_keys set created_at = created_at - interval '1 hour', activated_at = activated_at - interval '1 hour', retired_at = retired_at - interval '1 hour'`,
  );
  const {status} = await call.identity('POST', '/v1/keys/rotate', {
    authorization: `Operator ${operatorKey(SECRET)}`,
    body: {},
  });
  expect(status).toBe(200);
}

async function open(name: string): Promise<Person> {
  const {body} = await call.identity('POST', '/v1/accounts', {body: {name, password: PASSWORD}});
  return signIn(String(body.id));
}

async function signIn(account: string): Promise<Person> {
  const {body} = await call.identity('POST', '/v1/sessions', {body: {account, password: PASSWORD}});
  return {account, token: String(body.token), refreshToken: String(body.refreshToken)};
}

async function openedBy(token: string, account = victim.account): Promise<readonly number[]> {
  const answers = await Promise.all([
    call.identity('GET', '/v1/accounts/me', {token}),
    call.stream('GET', `/v1/activity/${account}`, {token}),
    call.gateway('GET', `/v1/activity/${account}`, {token}),
    call.gateway('GET', '/v1/accounts/me', {token}),
  ]);
  return answers.map(({status}) => status);
}

async function inBatches(
  attacks: readonly Forgery[],
  atOnce: number,
  run: (attack: Forgery) => Promise<void>,
): Promise<void> {
  const waiting = [...attacks];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  };
  await Promise.all(Array.from({length: atOnce}, worker));
}

function sendRaw(url: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(request, 'latin1'));
    socket.setEncoding('utf8').on('data', text => {
      answer += text;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

function foreignKey(): JsonWebKey {
  return generateKeyPairSync('ed25519').privateKey.export({format: 'jwk'});
}
