import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import type {ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {exportJWK, generateKeyPair, type JWTPayload, SignJWT} from 'jose';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {type InProcessService, startInProcess} from '../kit/testing/in-process.ts';
import {json, type ReceivedRequest, startUpstream, type TestUpstream} from '../kit/testing/upstream.ts';
import {gateway} from './gateway.ts';

/** A bound against hanging, nothing else. */
const POLL = {timeout: 30_000};

let identity: TestUpstream;
let stream: TestUpstream;
let front: InProcessService;
let keys: Awaited<ReturnType<typeof createKeys>>;

beforeEach(async () => {
  keys = await createKeys('key-1');
  identity = await startUpstream('identity-1', (request, response) =>
    json(
      response,
      200,
      request.path === '/.well-known/jwks.json' ? {keys: [keys.jwk]} : {from: 'identity', path: request.path},
    ),
  );
  stream = await startUpstream('stream-1', (request, response) =>
    json(response, 200, {from: 'stream', path: request.path}),
  );
  front = await startInProcess(gateway, {
    LINKS: JSON.stringify({identity: [identity.instance], stream: [stream.instance]}),
  });
});
afterEach(async () => {
  await front[Symbol.asyncDispose]();
  await Promise.all([identity[Symbol.asyncDispose](), stream[Symbol.asyncDispose]()]);
});

it('passes a request on with its body and the headers that are meant for the upstream, and the answer back as it is', async () => {
  identity.answer((_request, response) =>
    response.writeHead(201, {'content-type': 'application/json', location: '/v1/accounts/1'}).end('{"id": 1 }'),
  );
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': 'k',
    'x-client-id': 'c',
    'x-account-id': 'forged',
    'x-roles': 'admin',
  };
  const answer = await fetch(`${front.url}/v1/accounts`, {method: 'POST', headers, body: '{"name": "Ada" }'});
  expect([answer.status, answer.headers.get('location'), await answer.text()]).toEqual([
    201,
    '/v1/accounts/1',
    '{"id": 1 }',
  ]);
  const [got] = identity.received;
  expect(got).toMatchObject({
    method: 'POST',
    path: '/v1/accounts',
    body: '{"name": "Ada" }',
    headers: {'idempotency-key': 'k', 'x-client-id': 'c', 'content-type': 'application/json'},
  });
  expect(Object.keys(got?.headers ?? {})).not.toEqual(expect.arrayContaining(['x-account-id']));
  expect(Object.keys(got?.headers ?? {})).not.toEqual(expect.arrayContaining(['x-roles']));
});

it('carries trace and deadline on, and states a deadline where the caller has none', async () => {
  const deadline = Date.now() + 5_000;
  await fetch(`${front.url}/v1/windows?size=10s`, {
    headers: {traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'x-deadline': String(deadline)},
  });
  await fetch(`${front.url}/v1/windows`);
  expect(stream.received[0]).toMatchObject({
    path: '/v1/windows?size=10s',
    headers: {'x-deadline': String(deadline), traceparent: expect.stringMatching(/^00-a{32}-(?!b{16})/)},
  });
  expect(Number(stream.received[1]?.headers['x-deadline'])).toBeGreaterThan(Date.now() + 5_000);
});

it('takes a caller to wait as long as it says, by its words or by a time, whichever is sooner', async () => {
  const sent = async (headers: Record<string, string>): Promise<number> => {
    const before = Date.now();
    await fetch(`${front.url}/v1/windows`, {headers});
    return Number(stream.received.at(-1)?.headers['x-deadline']) - before;
  };
  const soon = (ms: number): string => String(Date.now() + ms);
  expect(await sent({'x-patience-ms': '4000'})).toSatisfy(about(4_000));
  expect(await sent({'x-patience-ms': '4000', 'x-deadline': soon(2_000)})).toSatisfy(about(2_000));
  expect(await sent({'x-patience-ms': '2000', 'x-deadline': soon(4_000)})).toSatisfy(about(2_000));
  expect(await sent({'x-patience-ms': '60000'})).toSatisfy(about(30_000));
  for (const wrong of ['0', '-1', 'soon', '1.5', '60001']) {
    expect((await fetch(`${front.url}/v1/windows`, {headers: {'x-patience-ms': wrong}})).status).toBe(400);
  }
});

it('passes refusals of the upstream on, its problems included', async () => {
  identity.answer((_request, response) =>
    response.writeHead(422, {'content-type': 'application/problem+json'}).end('{"status":422}'),
  );
  const answer = await fetch(`${front.url}/v1/sessions`, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: '{',
  });
  expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
    422,
    'application/problem+json',
    {status: 422},
  ]);
});

it.each([
  ['no token', undefined],
  ['no bearer token', 'Basic YTpi'],
  ['a token that is none', 'Bearer nonsense'],
])('answers 401 to %s', async (_name, authorization) => {
  const answer = await fetch(`${front.url}/v1/accounts/me`, {
    headers: authorization === undefined ? {} : {authorization},
  });
  expect([answer.status, answer.headers.get('www-authenticate'), await answer.json()]).toMatchObject([
    401,
    'Bearer',
    {status: 401},
  ]);
});

it.each([
  ['of another issuer', {iss: 'somebody'}],
  ['for another audience', {aud: ['stream']}],
  ['that has expired', {exp: 1_000}],
  ['without an account', {sub: ''}],
])('answers 401 to a token %s', async (_name, claims) => {
  expect(await statusOf('/v1/accounts/me', await keys.token(claims))).toBe(401);
});

it('answers 401 to tokens signed with a key that identity does not name, and asks identity for it once', async () => {
  const foreign = await createKeys('key-9');
  expect(await statusOf('/v1/accounts/me', await keys.token())).toBe(200);
  const token = await foreign.token();
  expect(await Promise.all([1, 2, 3].map(() => statusOf('/v1/accounts/me', token)))).toEqual([401, 401, 401]);
  expect(keyRequests().length).toBeLessThanOrEqual(2);
});

it('passes a signed-in request on with its authorization, and asks for the keys once', async () => {
  const token = await keys.token();
  expect(await Promise.all([1, 2, 3].map(() => statusOf('/v1/accounts/me', token)))).toEqual([200, 200, 200]);
  expect(
    identity.received.filter(({path}) => path === '/v1/accounts/me').map(({headers}) => headers.authorization),
  ).toContain(`Bearer ${token}`);
  expect(keyRequests()).toHaveLength(1);
});

it('verifies tokens while identity is away, once it has the keys', async () => {
  const token = await keys.token();
  await statusOf('/v1/accounts/me', token);
  await identity[Symbol.asyncDispose]();
  expect(await statusOf('/v1/activity/account-1', token)).toBe(200);
});

it('answers 503 when the keys cannot be had', async () => {
  identity.answer((_request, response) => json(response, 500, {}));
  expect(await statusOf('/v1/activity/account-1', await keys.token())).toBe(503);
});

it('does not show the activity of another account', async () => {
  const token = await keys.token();
  expect([await statusOf('/v1/activity/account-2', token), await statusOf('/v1/activity/account-1', token)]).toEqual([
    403, 200,
  ]);
});

it('answers 502 when the upstream is away, and 504 when it does not answer in time', async () => {
  await identity[Symbol.asyncDispose]();
  expect(await problem('/v1/sessions', {method: 'POST'})).toMatchObject({
    status: 502,
    type: 'urn:teralab:problem:upstream-unreachable',
  });
  stream.answer(() => undefined);
  expect(await problem('/v1/windows', {headers: {'x-deadline': String(Date.now() + 100)}})).toMatchObject({
    status: 504,
    type: 'urn:teralab:problem:upstream-timeout',
  });
});

it('breaks the caller off when an answer breaks off half-way', async () => {
  stream.answer((_request, response) => {
    response.writeHead(200, {'content-length': '100'}).write('half');
    setImmediate(() => response.destroy());
  });
  await expect(fetch(`${front.url}/v1/windows`).then(answer => answer.text())).rejects.toThrow();
});

it('leaves room for the other upstream when one is hung', async () => {
  stream.answer(() => undefined);
  const hung = Array.from({length: 80}, () => fetch(`${front.url}/v1/windows`).then(answer => answer.status));
  // As many as are let through to it at once; where they are slow to come, the first are given up meanwhile and others follow.
  await expect.poll(() => stream.received.length, POLL).toBeGreaterThanOrEqual(32);
  expect((await fetch(`${front.url}/v1/sessions`, {method: 'POST'})).status).toBe(200);
  expect(new Set(await Promise.all(hung))).toEqual(new Set([503, 504]));
});

it('has three sign-ins under way at identity and no more, has others wait without a place, and reads go on', async () => {
  const token = await keys.token();
  await statusOf('/v1/accounts/me', token);
  const held: ServerResponse[] = [];
  identity.answer((request, response) => {
    if (request.path === '/v1/sessions') held.push(response);
    else json(response, 200, {});
  });
  const signIn = (client: string): Promise<Response> =>
    fetch(`${front.url}/v1/sessions`, {method: 'POST', headers: {'x-client-id': client}});
  const flood = Array.from({length: 80}, () => signIn('flood'));
  const refused = await Promise.any(flood);
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
    429,
    '2',
    {type: 'urn:teralab:problem:too-many-at-once'},
  ]);
  await expect.poll(() => held.length, POLL).toBe(3);
  const reads = Array.from({length: 29}, () => statusOf('/v1/accounts/me', token));
  expect(new Set(await Promise.all(reads))).toEqual(new Set([200]));
  expect(held).toHaveLength(3);
  identity.answer((_request, response) => json(response, 201, {}));
  const other = signIn('other');
  for (const response of held) json(response, 201, {});
  expect((await other).status).toBe(201);
  const answered = await Promise.all(flood.map(async one => (await one).status));
  expect(new Set(answered)).toEqual(new Set([201, 429]));
});

it('has 64 requests in flight at most, so that a hung upstream starves the other where a policy does not guard against it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'teralab-gateway-'));
  const file = join(folder, 'naive.mjs');
  await writeFile(
    file,
    'export const createUpstreamPolicy = () => ({call: (request, send) => send(new AbortController().signal)});',
  );
  const LINKS = JSON.stringify({identity: [identity.instance], stream: [stream.instance]});
  await using naive = await startInProcess(gateway, {LINKS, SEAMS: JSON.stringify({'upstream-policy': file})});
  const held: ServerResponse[] = [];
  stream.answer((_request, response) => void held.push(response));
  const hung = Array.from({length: 64}, () => fetch(`${naive.url}/v1/windows`).then(answer => answer.status));
  await expect.poll(() => held.length, POLL).toBe(64);
  const starved = await fetch(`${naive.url}/v1/sessions`, {method: 'POST'});
  expect([starved.status, starved.headers.get('retry-after'), await starved.json()]).toMatchObject([
    503,
    '1',
    {type: 'urn:teralab:problem:overloaded'},
  ]);
  for (const response of held) json(response, 200, {});
  expect(new Set(await Promise.all(hung))).toEqual(new Set([200]));
  await expect
    .poll(() => fetch(`${naive.url}/v1/sessions`, {method: 'POST'}).then(({status}) => status), POLL)
    .toBe(200);
  await rm(folder, {recursive: true});
});

it('serves the page whole, and with what it could get when a service is hung', async () => {
  const token = await keys.token();
  expect(await page(token)).toMatchObject({
    status: 200,
    body: {
      account: {from: 'identity'},
      activity: {path: '/v1/activity/account-1'},
      windows: {from: 'stream'},
      missing: [],
    },
  });
  stream.answer(() => undefined);
  const began = performance.now();
  expect(await page(token, '300')).toEqual({
    status: 200,
    body: {account: expect.anything(), activity: null, windows: null, missing: ['activity', 'windows']},
  });
  expect(performance.now() - began).toBeLessThan(1_000);
});

it('answers 503 when no part of the page can be had, and 400 to a patience that is none', async () => {
  const token = await keys.token();
  await statusOf('/v1/accounts/me', token);
  await Promise.all([identity[Symbol.asyncDispose](), stream[Symbol.asyncDispose]()]);
  expect(await page(token, '300')).toMatchObject({status: 503, body: {type: 'urn:teralab:problem:nothing-to-show'}});
  expect(await page(token, 'long')).toMatchObject({status: 400});
});

it('serves alerts by name, without names to whom identity does not tell them, and not at all without stream', async () => {
  const alert = {account: 'account-2', failures: 5, first: new Date().toISOString(), last: new Date().toISOString()};
  stream.answer((_request, response) => json(response, 200, {items: [alert], next: null}));
  const keySet = {keys: [keys.jwk]};
  identity.answer((request, response) =>
    request.path.startsWith('/.well-known')
      ? json(response, 200, keySet)
      : json(response, 200, {items: [{id: 'account-2', name: 'Bob'}]}),
  );
  const token = await keys.token();
  expect(await alerts(token)).toEqual({
    status: 200,
    body: {items: [{...alert, name: 'Bob'}], next: null, missing: []},
  });
  identity.answer((_request, response) => json(response, 403, {}));
  expect(await alerts(token)).toEqual({
    status: 200,
    body: {items: [{...alert, name: null}], next: null, missing: ['names']},
  });
  stream.answer((_request, response) => json(response, 500, {}));
  expect(await alerts(token)).toMatchObject({status: 502, body: {detail: 'stream answered 500.'}});
  stream.answer((_request, response) => json(response, 400, {}));
  expect(await alerts(token)).toMatchObject({status: 400});
  expect(await alerts(token, 101)).toMatchObject({status: 400});
});

it('asks each service once for pages that one client loads at the same time, and again after a change', async () => {
  const token = await keys.token();
  await page(token);
  const asked = stream.received.length;
  const held: (() => void)[] = [];
  stream.answer((request, response) => void held.push(() => json(response, 200, {path: request.path})));
  const other = await keys.token({sid: 'session-2'});
  const pages = [page(token), page(token), page(token), page(other)];
  await expect.poll(() => held.length, POLL).toBe(4);
  const changed = fetch(`${front.url}/v1/accounts/me`, {method: 'PATCH', headers: {authorization: `Bearer ${token}`}});
  expect((await changed).status).toBe(200);
  pages.push(page(token));
  await expect.poll(() => held.length, POLL).toBe(6);
  for (const answer of held) answer();
  expect((await Promise.all(pages)).map(one => (one as {readonly body: object}).body)).toEqual(
    pages.map(() => expect.objectContaining({missing: []})),
  );
  expect(stream.received.length - asked).toBe(6);
});

it('lets a seam tell who sent a request, and passes on what it lets in alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'teralab-gateway-'));
  const file = join(folder, 'auth.mjs');
  await writeFile(
    file,
    `export const createAuth = ({askIdentity}) => ({
       async authenticate({token, headers, method, path}) {
         if (token === 'away') throw new Error('nobody knows');
         const {status, body} = await askIdentity('/v1/accounts/me', {token});
         return status === 200 ? {account: body.account} : {refused: method + ' ' + path + ' ' + headers['x-claim']};
       },
     });`,
  );
  const LINKS = JSON.stringify({identity: [identity.instance], stream: [stream.instance]});
  await using other = await startInProcess(gateway, {LINKS, SEAMS: JSON.stringify({auth: file})});
  identity.answer((request, response) =>
    json(response, request.headers.authorization === 'Bearer good' ? 200 : 401, {account: 'account-1'}),
  );
  const ask = (token: string, account = 'account-1') =>
    fetch(`${other.url}/v1/activity/${account}?limit=1`, {
      headers: {authorization: `Bearer ${token}`, 'x-claim': 'mine'},
    });
  expect((await ask('good')).status).toBe(200);
  expect((await ask('good', 'account-2')).status).toBe(403);
  expect((await ask('away')).status).toBe(503);
  const refused = await ask('bad');
  expect([refused.status, await refused.json()]).toMatchObject([
    401,
    {detail: 'GET /v1/activity/account-1?limit=1 mine'},
  ]);
  expect(stream.received).toHaveLength(1);
  await rm(folder, {recursive: true});
});

it('lists its routes', async () => {
  expect(await (await fetch(front.url)).json()).toMatchObject({
    service: 'gateway',
    routes: expect.arrayContaining(['POST /v1/accounts', 'GET /v1/dashboard']),
  });
});

/** What a slow machine adds is less than what the cases differ by. */
function about(ms: number): (value: number) => boolean {
  return value => value >= ms - 5 && value < ms + 1_500;
}

function keyRequests(): readonly ReceivedRequest[] {
  return identity.received.filter(({path}) => path === '/.well-known/jwks.json');
}

async function statusOf(path: string, token: string): Promise<number> {
  const answer = await fetch(`${front.url}${path}`, {headers: {authorization: `Bearer ${token}`}});
  await answer.arrayBuffer();
  return answer.status;
}

async function problem(path: string, init: RequestInit): Promise<unknown> {
  return (await fetch(`${front.url}${path}`, init)).json();
}

async function alerts(token: string, limit = 50): Promise<unknown> {
  const headers = {authorization: `Bearer ${token}`};
  const answer = await fetch(`${front.url}/v1/sign-in-alerts?limit=${limit}`, {headers});
  return {status: answer.status, body: await answer.json()};
}

async function page(token: string, patience = '2000'): Promise<unknown> {
  const answer = await fetch(`${front.url}/v1/dashboard`, {
    headers: {authorization: `Bearer ${token}`, 'x-patience-ms': patience},
  });
  return {status: answer.status, body: await answer.json()};
}

async function createKeys(kid: string) {
  const {publicKey, privateKey} = await generateKeyPair('EdDSA', {crv: 'Ed25519'});
  return {
    jwk: {...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig'},
    token: (claims: JWTPayload = {}): Promise<string> =>
      new SignJWT({
        iss: 'teralab-identity',
        aud: ['gateway', 'stream'],
        sub: 'account-1',
        sid: 'session-1',
        iat: Math.floor(Date.now() / 1_000),
        exp: Math.floor(Date.now() / 1_000) + 300,
        ...claims,
      })
        .setProtectedHeader({alg: 'EdDSA', kid, typ: 'at+jwt'})
        .sign(privateKey),
  };
}

it('describes what it passes on as whoever answers it does, and goes on when that is away', async () => {
  const body = {content: {'application/json': {schema: {type: 'object', required: ['name']}}}};
  const post = {requestBody: body, responses: {201: {description: 'Created'}, 409: {description: 'Conflict'}}};
  identity.answer((_request, response) =>
    json(response, 200, {paths: {'/v1/accounts': {post}, '/v1/keys/rotate': {post}}}),
  );
  const {paths} = (await (await fetch(`${front.url}/openapi.json`)).json()) as Described;
  const registration = paths['/v1/accounts']?.post;
  expect(registration).toMatchObject({
    operationId: 'postAccounts',
    requestBody: body,
    parameters: [{in: 'header', name: 'x-patience-ms'}],
  });
  expect(Object.keys(registration?.responses ?? {})).toEqual(expect.arrayContaining(['201', '409', '502']));
  expect(Object.keys(paths['/v1/sessions']?.post?.responses ?? {})).toContain('429');
  expect(registration?.responses).not.toHaveProperty('200');
  expect(paths).not.toHaveProperty('/v1/keys/rotate');
  expect(paths['/v1/accounts/me']?.get).toMatchObject({security: [{bearer: []}], tags: ['identity']});
});

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, {readonly responses: object}>>>>;
}
