import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {decodeProtectedHeader} from 'jose';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startInProcess} from '../kit/testing/in-process.ts';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {stream} from '../stream/stream.ts';
import {operatorKey} from './access.ts';
import {createCaller} from './testing/call.ts';
import {type IdentitySystem, SECRET, startIdentity} from './testing/identity-system.ts';

const OPERATOR = `Operator ${operatorKey(SECRET)}`;

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});

afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe('the signing keys', () => {
  it('are what a module says: one that is made signs at once, and the one before is published no more', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'teralab-rotation-'));
    const file = join(folder, 'rotation.mjs');
    const isPublished = '({retiredAgo}) => retiredAgo === null';
    const step = "() => ({sign: 'new', withdraw: [], makeNext: false})";
    await writeFile(file, `export const createKeyRotation = () => ({isPublished: ${isPublished}, rotate: ${step}});`);
    await using system = await startIdentity(postgres, 1, {SEAMS: JSON.stringify({'key-rotation': file})});
    await rm(folder, {recursive: true});
    const before = await published(system);
    const {body} = await rotate(system);
    expect(before).not.toContain(body.current);
    expect(body.published).toEqual(expect.arrayContaining([body.current, before[0]]));
    expect(body.published).toHaveLength(2);
    const session = await system.signIn(await system.register());
    expect(decodeProtectedHeader(String(session.body.token)).kid).toBe(body.current);
  });

  it('move on from next to current to previous, and all three are published', async () => {
    await using system = await startIdentity(postgres, 2);
    const [next, current] = await published(system);
    await aged(system);
    expect(await rotate(system)).toMatchObject({status: 200, body: {current: next}});
    const after = await published(system);
    expect(after).toHaveLength(3);
    expect(after.slice(1)).toEqual([next, current]);
    const account = await system.register();
    const {body} = await system.signIn(account);
    expect(decodeProtectedHeader(String(body.token)).kid).toBe(next);
    await expect.poll(() => published(system, 1)).toEqual(after);
    const {body: document} = await system.call('GET', '/.well-known/jwks.json');
    expect(JSON.stringify(document)).not.toContain('"d"');
    expect(
      await system.database.query(
        `select 1 from signing_keys where retired_at is not null and sealed_private_key <> ''`,
      ),
    ).toEqual([]);
  });

  it('are not rotated so early that a good token would be refused', async () => {
    await using system = await startIdentity(postgres);
    const tooYoung = await rotate(system);
    expect(tooYoung).toMatchObject({status: 409, body: {type: 'urn:teralab:problem:rotation-too-early'}});
    expect(Number(tooYoung.headers.get('retry-after'))).toBeLessThanOrEqual(10);
    await aged(system);
    expect((await rotate(system)).status).toBe(200);
    await system.database.query(`update signing_keys set created_at = created_at - interval '1 minute'`);
    const tokensLive = await rotate(system);
    expect(tokensLive.status).toBe(409);
    expect(Number(tokensLive.headers.get('retry-after'))).toBeGreaterThan(900);
  });

  it('are all replaced at once when they are compromised', async () => {
    await using system = await startIdentity(postgres, 2);
    const account = await system.register();
    const {body: before} = await system.signIn(account);
    await aged(system);
    await rotate(system);
    const {body: between} = await system.signIn(account);
    expect(await rotate(system, {compromised: true})).toMatchObject({status: 200});
    expect(await published(system)).toHaveLength(2);
    for (const {token} of [before, between]) {
      expect((await system.call('GET', '/v1/accounts/me', {token: String(token)})).status).toBe(401);
      await expect
        .poll(async () => (await system.call('GET', '/v1/accounts/me', {token: String(token), replica: 1})).status)
        .toBe(401);
    }
    // The session outlives its access token.
    const again = await system.call('POST', '/v1/sessions/refresh', {body: {refreshToken: between.refreshToken}});
    expect((await system.call('GET', '/v1/accounts/me', {token: String(again.body.token)})).status).toBe(200);
  });

  it('are rotated by one of those who ask at the same instant', async () => {
    await using system = await startIdentity(postgres, 2);
    await aged(system);
    const answers = await Promise.all([0, 1, 0, 1].map(replica => rotate(system, {}, replica)));
    expect(answers.map(({status}) => status).sort()).toEqual([200, 409, 409, 409]);
    // The replica that did not rotate knows what it read a moment ago.
    await expect.poll(() => published(system)).toHaveLength(3);
  });

  it('refuse no good token at any moment of two rotations, at any replica or verifier', async () => {
    await using system = await startIdentity(postgres, 2);
    const links = {identity: system.replicas.map(({url}, index) => ({node: `identity-${index + 1}`, url}))};
    await using verifier = await startInProcess(stream, {
      DATABASE_URL: await postgres.createDatabase(),
      BROKER_URL: await postgres.createDatabase(),
      LINKS: JSON.stringify(links),
    });
    const account = await system.register();
    const callStream = createCaller(verifier.url);
    const refused: string[] = [];
    let running = true;
    let checked = 0;
    const user = async (index: number): Promise<void> => {
      let {refreshToken, token} = (await system.signIn(account)).body;
      while (running) {
        for (const answer of await Promise.all([
          callStream('GET', `/v1/activity/${account}`, {token: String(token)}),
          system.call('GET', '/v1/accounts/me', {token: String(token), replica: index % 2}),
        ])) {
          checked += 1;
          if (answer.status !== 200) refused.push(`${answer.status} ${answer.text}`);
        }
        ({refreshToken, token} = (
          await system.call('POST', '/v1/sessions/refresh', {body: {refreshToken}, replica: index % 2})
        ).body);
      }
    };
    const users = [0, 1, 2, 3].map(user);
    const enoughOf = async (more: number): Promise<void> => {
      const enough = checked + more;
      await expect.poll(() => checked, {timeout: 30_000}).toBeGreaterThan(enough);
    };
    await enoughOf(40);
    // The verifier has known this next key from its first question on.
    await aged(system);
    expect((await rotate(system, {}, 0)).status).toBe(200);
    await enoughOf(40);
    // Nothing makes the next key older than it is: it is waited for.
    const isKnownLongEnough = `select 1 from signing_keys where activated_at is null and created_at < clock_timestamp() - interval '10 seconds'`;
    await expect.poll(() => system.database.query(isKnownLongEnough), {timeout: 30_000, interval: 50}).toHaveLength(1);
    // By now no replica signs with the previous key any more, and nobody has a token of it: as if its 20 minutes had passed.
    await system.database.query(`update signing_keys set retired_at = retired_at - interval '1 hour'`);
    expect((await rotate(system, {}, 1)).status).toBe(200);
    await enoughOf(80);
    running = false;
    await Promise.all(users);
    expect(refused).toEqual([]);
  });

  it('are rotated by nobody but the operator and accounts with a role for it', async () => {
    await using system = await startIdentity(postgres);
    await aged(system);
    const account = await system.register();
    const token = String((await system.signIn(account)).body.token);
    const attempts = {
      nobody: {},
      'a wrong key': {authorization: `Operator ${operatorKey('another secret')}`},
      'the secret itself': {authorization: `Operator ${Buffer.from(SECRET).toString('base64url')}`},
      'an account without a role': {token},
    };
    for (const [name, who] of Object.entries(attempts)) {
      const answer = await system.call('POST', '/v1/keys/rotate', {body: {}, ...who});
      expect(answer.status, name).toBe('token' in who ? 403 : 401);
      expect(answer.type, name).toBe('application/problem+json');
    }
    await system.call('PUT', `/v1/accounts/${account}/roles`, {authorization: OPERATOR, body: {roles: ['operator']}});
    expect((await system.call('POST', '/v1/keys/rotate', {body: {}, token})).status).toBe(200);
    await aged(system);
    expect((await system.call('POST', '/v1/keys/rotate', {authorization: OPERATOR})).status).toBe(200);
    await system.call('PUT', `/v1/accounts/${account}/roles`, {authorization: OPERATOR, body: {roles: []}});
    expect((await system.call('POST', '/v1/keys/rotate', {body: {}, token})).status).toBe(401);
  });
});

async function published(system: IdentitySystem, replica = 0): Promise<readonly string[]> {
  const {body} = await system.call('GET', '/.well-known/jwks.json', {replica});
  return (body.keys as {kid: string}[]).map(({kid}) => kid);
}

function rotate(system: IdentitySystem, body: object = {}, replica = 0) {
  return system.call('POST', '/v1/keys/rotate', {authorization: OPERATOR, body, replica});
}

/** As if an hour had passed for the keys. */
async function aged({database}: IdentitySystem): Promise<void> {
  await database.query(
    `update signing_keys set created_at = created_at - interval '1 hour', activated_at = activated_at - interval '1 hour',
       retired_at = retired_at - interval '1 hour'`,
  );
}
