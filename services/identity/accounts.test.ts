import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {migrate, migrateDown} from '../kit/migrations.ts';
import {createPostgresDatabase} from '../kit/postgres.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {operatorKey} from './access.ts';
import {MIGRATIONS} from './migrations.ts';
import type {Answer} from './testing/call.ts';
import {type IdentitySystem, PASSWORD, SECRET, startIdentity} from './testing/identity-system.ts';

const PROBLEM = 'application/problem+json';
const OPERATOR = `Operator ${operatorKey(SECRET)}`;

let postgres: TestPostgres;
let system: IdentitySystem;

beforeAll(async () => {
  postgres = await startTestPostgres();
  system = await startIdentity(postgres);
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

describe('the own account', () => {
  it('is shown and given another name', async () => {
    const {account, token} = await signedIn();
    const changed = await system.call('PATCH', '/v1/accounts/me', {token, body: {name: 'Grace'}});
    expect(changed).toMatchObject({status: 200, body: {id: account, name: 'Grace', roles: []}});
    expect((await system.call('GET', '/v1/accounts/me', {token})).body).toEqual(changed.body);
  });

  it('is not changed by what is no change', async () => {
    const {token} = await signedIn();
    for (const body of [
      {},
      {name: ''},
      {name: 'x'.repeat(81)},
      {name: 1},
      {name: 'a\0b'},
      {name: 'Ada', id: 'x'},
      {roles: ['admin']},
      [],
      null,
    ]) {
      expect(await system.call('PATCH', '/v1/accounts/me', {token, body})).toMatchObject({status: 400, type: PROBLEM});
    }
    expect((await system.call('GET', '/v1/accounts/me', {token})).body.name).toBe('Ada');
  });

  it('is closed once: all of its sessions end, nobody signs in, and one event tells of it', async () => {
    const {account, token} = await signedIn();
    const other = (await system.signIn(account)).body;
    const answers = await Promise.all([1, 2, 3].map(() => system.call('DELETE', '/v1/accounts/me', {token})));
    expect(answers.map(({status}) => status).sort()).toEqual([204, 401, 401]);
    for (const one of [token, String(other.token)]) {
      expect(await system.call('GET', '/v1/accounts/me', {token: one})).toMatchObject({status: 401, type: PROBLEM});
    }
    const refreshed = await system.call('POST', '/v1/sessions/refresh', {body: {refreshToken: other.refreshToken}});
    expect(refreshed.status).toBe(401);
    expect((await system.signIn(account)).status).toBe(401);
    const events = await system.events(account, 4);
    expect(events.map(({type}) => type).sort()).toEqual([
      'account.closed',
      'account.registered',
      'session.started',
      'session.started',
    ]);
    expect(events.find(({type}) => type === 'account.closed')?.data).toEqual({account});
  });
});

describe('accounts of others', () => {
  it('are read by whom it is permitted, one or many at once', async () => {
    const [clerk, ada, gone] = [await signedIn(), await signedIn(), await signedIn()];
    await system.call('PUT', rolesOf(clerk.account), {authorization: OPERATOR, body: {roles: ['operator']}});
    await system.call('DELETE', '/v1/accounts/me', gone);
    const {body: one} = await system.call('GET', `/v1/accounts/${ada.account}`, clerk);
    expect(one).toEqual({id: ada.account, name: 'Ada', createdAt: expect.any(String)});
    const ids = [ada.account, 'nobody', gone.account, clerk.account, ada.account];
    const many = await system.call('GET', `/v1/accounts?${ids.map(id => `id=${id}`).join('&')}`, clerk);
    expect(many.body.items).toEqual([clerk.account, ada.account].sort().map(id => expect.objectContaining({id})));
    expect(many.body.items).toContainEqual(one);
    expect((await system.call('GET', `/v1/accounts?id=${ada.account}`, clerk)).body.items).toEqual([one]);
    expect((await system.call('GET', `/v1/accounts/${gone.account}`, clerk)).status).toBe(404);
  });

  it('are read by nobody else, and not more than a hundred at once', async () => {
    const [clerk, other] = [await signedIn(), await signedIn()];
    await system.call('PUT', rolesOf(clerk.account), {authorization: OPERATOR, body: {roles: ['operator']}});
    for (const path of [`/v1/accounts/${other.account}`, `/v1/accounts?id=${other.account}`]) {
      expect((await system.call('GET', path)).status).toBe(401);
      expect((await system.call('GET', path, other)).status).toBe(403);
    }
    const ids = (count: number): string => Array.from({length: count}, (_, index) => `id=${index}`).join('&');
    expect((await system.call('GET', `/v1/accounts?${ids(100)}`, clerk)).status).toBe(200);
    for (const query of [ids(101), 'id=', 'id=%00', '']) {
      expect(await system.call('GET', `/v1/accounts?${query}`, clerk)).toMatchObject({status: 400, type: PROBLEM});
    }
  });
});

describe('roles', () => {
  it('are granted by the operator first, then by an admin, and each grant is told of', async () => {
    const [boss, clerk] = [await signedIn(), await signedIn()];
    const first = await system.call('PUT', rolesOf(boss.account), {authorization: OPERATOR, body: {roles: ['admin']}});
    expect(first).toMatchObject({status: 200, body: {account: boss.account, roles: ['admin']}});
    const second = await system.call('PUT', rolesOf(clerk.account), {token: boss.token, body: {roles: ['operator']}});
    expect(second.status).toBe(200);
    expect((await system.call('GET', '/v1/accounts/me', clerk)).body.roles).toEqual(['operator']);
    expect((await system.events(boss.account, 3)).at(-1)).toEqual({
      type: 'role.granted',
      data: {account: boss.account, roles: ['admin'], by: 'operator'},
    });
    expect((await system.events(clerk.account, 3)).at(-1)?.data).toEqual({
      account: clerk.account,
      roles: ['operator'],
      by: boss.account,
    });
    // The same again grants nothing; the next event of this account is that of its end.
    await system.call('PUT', rolesOf(clerk.account), {token: boss.token, body: {roles: ['operator']}});
    await system.call('PUT', rolesOf(clerk.account), {token: boss.token, body: {roles: []}});
    expect((await system.call('GET', '/v1/accounts/me', clerk)).body.roles).toEqual([]);
    await system.call('DELETE', '/v1/accounts/me', clerk);
    expect((await system.events(clerk.account, 4)).map(({type}) => type)).toEqual([
      'account.registered',
      'session.started',
      'role.granted',
      'account.closed',
    ]);
  });

  it('are granted by nobody else, and count no more once they are taken away', async () => {
    const [boss, other] = [await signedIn(), await signedIn()];
    const body = {roles: ['admin']};
    expect((await system.call('PUT', rolesOf(other.account), {body})).status).toBe(401);
    expect(await system.call('PUT', rolesOf(other.account), {token: other.token, body})).toMatchObject({
      status: 403,
      type: PROBLEM,
    });
    await system.call('PUT', rolesOf(boss.account), {authorization: OPERATOR, body: {roles: ['operator']}});
    expect((await system.call('PUT', rolesOf(boss.account), {token: boss.token, body})).status).toBe(403);
    await system.call('PUT', rolesOf(boss.account), {authorization: OPERATOR, body});
    await system.call('PUT', rolesOf(boss.account), {authorization: OPERATOR, body: {roles: []}});
    expect((await system.call('PUT', rolesOf(other.account), {token: boss.token, body})).status).toBe(403);
  });

  it('are refused when they are none, or the account is none', async () => {
    const {account} = await signedIn();
    for (const body of [{roles: ['root']}, {roles: 'admin'}, {roles: ['admin', 'admin']}, {roles: [1]}, {}, null]) {
      const answer = await system.call('PUT', rolesOf(account), {authorization: OPERATOR, body});
      expect(answer, JSON.stringify(body)).toMatchObject({status: 400, type: PROBLEM});
    }
    const unknown = await system.call('PUT', rolesOf('nobody'), {authorization: OPERATOR, body: {roles: ['admin']}});
    expect(unknown).toMatchObject({status: 404, type: PROBLEM});
  });
});

describe('the description', () => {
  it('names every operation, and every answer is as it says', async () => {
    const document = (await system.call('GET', '/openapi.json')).body as unknown as Description;
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    );
    const {account, token} = await signedIn();
    const {refreshToken} = (await system.signIn(account)).body;
    const aged = `update signing_keys set created_at = created_at - interval '1 hour'`;
    await system.database.query(aged);
    const calls: Readonly<Record<string, () => Promise<Answer>>> = {
      'GET /livez': () => system.call('GET', '/livez'),
      'GET /readyz': () => system.call('GET', '/readyz'),
      'GET /.well-known/jwks.json': () => system.call('GET', '/.well-known/jwks.json'),
      'GET /.well-known/openid-configuration': () => system.call('GET', '/.well-known/openid-configuration'),
      'POST /v1/accounts': () => system.call('POST', '/v1/accounts', {body: {name: 'Ada', password: PASSWORD}}),
      'POST /v1/sessions': () => system.signIn(account),
      'POST /v1/sessions/refresh': () => system.call('POST', '/v1/sessions/refresh', {body: {refreshToken}}),
      'GET /v1/accounts/me': () => system.call('GET', '/v1/accounts/me', {token}),
      'PATCH /v1/accounts/me': () => system.call('PATCH', '/v1/accounts/me', {token, body: {name: 'B'}}),
      'PUT /v1/accounts/{id}/roles': () =>
        system.call('PUT', rolesOf(account), {authorization: OPERATOR, body: {roles: ['admin']}}),
      'GET /v1/accounts': () => system.call('GET', `/v1/accounts?id=${account}`, {token}),
      'GET /v1/accounts/{id}': () => system.call('GET', `/v1/accounts/${account}`, {token}),
      'POST /v1/keys/rotate': () => system.call('POST', '/v1/keys/rotate', {token, body: {}}),
      'POST /v1/account-announcements': () => system.call('POST', '/v1/account-announcements', {body: {}}),
      'DELETE /v1/sessions/current': async () => {
        const own = String((await system.signIn(account)).body.token);
        return system.call('DELETE', '/v1/sessions/current', {token: own});
      },
      'DELETE /v1/accounts/me': () => system.call('DELETE', '/v1/accounts/me', {token}),
    };
    expect(operations.sort()).toEqual(Object.keys(calls).sort());
    for (const [operation, call] of Object.entries(calls)) {
      const [method = '', path = ''] = operation.split(' ');
      const {responses} = document.paths[path]?.[method.toLowerCase()] ?? {responses: {}};
      check(await call(), responses, document.components, operation);
      // The same without a token, and with a body that is none: a problem, as described.
      const bad =
        path.startsWith('/v1/') &&
        (await system.call(method, path.replace('{id}', account), method === 'GET' ? {} : {body: 'bad'}));
      if (bad !== false) {
        expect(bad.status, operation).toBeGreaterThanOrEqual(400);
        check(bad, responses, document.components, operation);
      }
    }
  });
});

it('migrates up, and down to nothing, and up again, also with data in it', async () => {
  const database = createPostgresDatabase({
    url: await postgres.createDatabase(),
    log: {debug() {}, info() {}, warn() {}, error() {}},
    crashPoints: {hit: () => undefined},
    applicationName: 'test',
  });
  const tables = `select table_name from information_schema.tables where table_schema = 'public' and table_name <> 'schema_migrations'`;
  const key = (kid: string, retired: string): string =>
    `insert into signing_keys (kid, public_jwk, sealed_private_key, retired_at) values ('${kid}', '{}', 'sealed', ${retired})`;
  await migrate(database, MIGRATIONS.slice(0, 3));
  await database.query(key('old', 'null'));
  await database.query(key('older', 'now()'));
  const names = MIGRATIONS.map(({name}) => name);
  expect(await migrate(database, MIGRATIONS)).toEqual(names.slice(3));
  expect(
    await database.query('select kid from signing_keys where activated_at is not null and retired_at is null'),
  ).toEqual([{kid: 'old'}]);
  await database.query(
    `insert into signing_keys (kid, public_jwk, sealed_private_key) values ('next', '{}', 'sealed')`,
  );
  expect(await migrateDown(database, MIGRATIONS, names.length - 3)).toEqual(names.slice(3).reverse());
  expect(await database.query('select kid from signing_keys order by kid')).toEqual([{kid: 'old'}, {kid: 'older'}]);
  expect(await migrateDown(database, MIGRATIONS, 3)).toEqual(names.slice(0, 3).reverse());
  expect(await database.query(tables)).toEqual([]);
  expect(await migrate(database, MIGRATIONS)).toEqual(names);
  await database.close();
});

interface Description {
  readonly openapi: string;
  readonly components: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, {readonly responses: Responses}>>>>;
}

type Responses = Readonly<Record<string, {readonly content?: Readonly<Record<string, {readonly schema: object}>>}>>;

/** Status, type and body of an answer are among those described. */
function check({status, type, text}: Answer, responses: Responses, components: object, operation: string): void {
  const described = responses[String(status)];
  expect(described, `${operation} answered ${status}, which is not described: ${text}`).toBeDefined();
  if (text === '') return;
  const schema = described?.content?.[type ?? '']?.schema;
  expect(schema, `${operation} answered ${status} with ${type}, which is not described`).toBeDefined();
  const validate = addFormats(new Ajv({strict: false})).compile({...schema, components});
  expect(validate(JSON.parse(text)), `${operation}: ${JSON.stringify(validate.errors)} of ${text}`).toBe(true);
}

async function signedIn(): Promise<{readonly account: string; readonly token: string}> {
  const account = await system.register();
  return {account, token: String((await system.signIn(account)).body.token)};
}

function rolesOf(account: string): string {
  return `/v1/accounts/${account}/roles`;
}
