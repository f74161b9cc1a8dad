import {exportJWK, generateKeyPair, type JWTPayload, SignJWT} from 'jose';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {type AccessTokens, accessTokens} from './access-tokens.ts';
import {createAuth} from './auth.default.ts';
import {createAuthTools} from './auth-tools.ts';
import {type InProcessService, startInProcess} from './testing/in-process.ts';
import {json, startUpstream, type TestUpstream} from './testing/upstream.ts';

type Keys = Awaited<ReturnType<typeof createKeys>>;

let identity: TestUpstream;
let service: InProcessService;
let tokens: AccessTokens;
/** How much later than it is the service believes it to be, ms: waits are not waited for. */
let ahead: number;
let known: Keys;
let published: {keys: object[]; ended_sessions?: string[]};

beforeEach(async () => {
  ahead = 0;
  known = await createKeys('known');
  published = {keys: [known.jwk]};
  identity = await startUpstream('identity-1', (_request, response) => json(response, 200, published));
  service = await startInProcess(
    {name: 'verifier', build: async () => undefined},
    {LINKS: JSON.stringify({identity: [identity.instance]})},
  );
  const {kit} = service;
  const clock = {...kit.clock, monotonic: () => kit.clock.monotonic() + ahead};
  const {contexts, links, log} = kit;
  tokens = accessTokens(createAuth(createAuthTools({clock, contexts, links, log}, 'stream')), kit);
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await identity[Symbol.asyncDispose]();
});

it('asks for keys once in five seconds, however many tokens with unknown keys come', async () => {
  const foreign = await createKeys('unknown');
  expect(await statusOf(await known.token())).toBe(200);
  for (let rounds = 0; rounds < 4; rounds += 1) {
    const flood = await Promise.all(
      Array.from({length: 100}, (_, index) => foreign.token({}, `unknown-${rounds}-${index}`)),
    );
    expect(new Set(await Promise.all(flood.map(statusOf)))).toEqual(new Set([401]));
    expect(await statusOf(await known.token())).toBe(200);
    expect(identity.received).toHaveLength(1 + rounds);
    ahead += 5_001;
  }
});

it('finds a key that is new, in the midst of a flood of unknown ones', async () => {
  const [foreign, next] = [await createKeys('unknown'), await createKeys('next')];
  expect(await statusOf(await known.token())).toBe(200);
  published = {keys: [next.jwk, known.jwk]};
  ahead += 5_001;
  expect(await statusOf(await foreign.token())).toBe(401);
  expect(await statusOf(await next.token())).toBe(200);
  expect(identity.received).toHaveLength(2);
});

it('does not call a token bad that it could not look up the key of', async () => {
  const next = await createKeys('next');
  expect(await statusOf(await known.token())).toBe(200);
  identity.answer((_request, response) => json(response, 500, {}));
  ahead += 5_001;
  expect(await statusOf(await next.token())).toBe(503);
  expect(await statusOf(await known.token())).toBe(200);
  identity.answer((_request, response) => json(response, 200, {keys: [next.jwk]}));
  ahead += 5_001;
  expect(await statusOf(await next.token())).toBe(200);
});

it('refuses a token that names no key, also where there is only one that it could mean', async () => {
  expect(await statusOf(await known.token({}, null))).toBe(401);
  expect(await statusOf(await known.token({}, ''))).toBe(401);
});

it('lets nobody wait for newer keys while identity is hung', async () => {
  expect(await statusOf(await known.token())).toBe(200);
  let asked = 0;
  identity.answer(() => {
    asked += 1;
  });
  ahead += 30_001;
  expect(await statusOf(await known.token())).toBe(200);
  await expect.poll(() => asked).toBe(1);
  expect(await statusOf(await known.token())).toBe(200);
});

it('forgets what it found valid once its key is withdrawn, or its session has ended', async () => {
  const [first, second] = [await known.token(), await known.token({sid: 'session-2'})];
  expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);
  published = {keys: [known.jwk], ended_sessions: ['session-2']};
  ahead += 30_001;
  await expect.poll(() => statusOf(second)).toBe(401);
  expect(await statusOf(first)).toBe(200);
  published = {keys: []};
  ahead += 30_001;
  await expect.poll(() => statusOf(first)).toBe(401);
});

it('keeps the keys that it has when identity answers with what is no set of keys', async () => {
  expect(await statusOf(await known.token())).toBe(200);
  for (const body of ['no JSON', 'null', '[]', '{}', '{"keys":1}', '{"keys":[1]}']) {
    identity.answer((_request, response) => response.writeHead(200).end(body));
    ahead += 30_001;
    const asked = identity.received.length;
    expect(await statusOf(await known.token())).toBe(200);
    await expect.poll(() => identity.received.length).toBe(asked + 1);
  }
  expect(await statusOf(await known.token({jti: 'another'}))).toBe(200);
});

async function statusOf(token: string): Promise<number> {
  try {
    await tokens.account({method: 'GET', url: '/', headers: {authorization: `Bearer ${token}`}});
    return 200;
  } catch (error) {
    return error instanceof Error && 'status' in error ? Number(error.status) : 500;
  }
}

async function createKeys(kid: string) {
  const {publicKey, privateKey} = await generateKeyPair('EdDSA', {crv: 'Ed25519'});
  const now = Math.floor(Date.now() / 1_000);
  const claims = {iss: 'teralab-identity', aud: 'stream', sub: 'account-1', sid: 'session-1', iat: now, exp: now + 300};
  return {
    jwk: {...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig'},
    token: (more: JWTPayload = {}, as: string | null = kid): Promise<string> =>
      new SignJWT({...claims, ...more})
        .setProtectedHeader({alg: 'EdDSA', typ: 'at+jwt', ...(as === null ? {} : {kid: as})})
        .sign(privateKey),
  };
}
