import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import type {Answer} from './testing/call.ts';
import {type IdentitySystem, PASSWORD, startIdentity} from './testing/identity-system.ts';

const PROBLEM = 'application/problem+json';

let postgres: TestPostgres;
let system: IdentitySystem;

beforeAll(async () => {
  postgres = await startTestPostgres();
  system = await startIdentity(postgres, 2);
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

describe('a refresh token', () => {
  it('is taken for a new one, once, and the session goes on', async () => {
    const {account, first} = await signedIn();
    const second = await refresh(first.refreshToken);
    expect(second).toMatchObject({
      status: 200,
      body: {token: expect.any(String), refreshExpiresAt: expect.any(String)},
    });
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    expect(second.headers.get('cache-control')).toBe('no-store');
    expect(await me(second.body.token)).toMatchObject({status: 200, body: {id: account}});
    const third = await refresh(second.body.refreshToken);
    expect(third.status).toBe(200);
    expect(await sessionsOf(account)).toHaveLength(1);
  });

  it('gives two tabs the same answer, also when they ask two replicas at the same instant', async () => {
    const {account, first} = await signedIn();
    const answers = await Promise.all(Array.from({length: 12}, (_, index) => refresh(first.refreshToken, index % 2)));
    expect(new Set(answers.map(({status}) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({text}) => text)).size).toBe(1);
    const left = await system.database.query(
      'select 1 from refresh_tokens t join sessions s on s.id = t.session where s.account = $1 and t.used_at is null',
      [account],
    );
    expect(left).toHaveLength(1);
  });

  it('ends its whole family when it comes again after the grace', async () => {
    const {account, first} = await signedIn();
    const second = (await refresh(first.refreshToken)).body;
    const third = (await refresh(second.refreshToken)).body;
    await later('11 seconds');
    expect(await refresh(first.refreshToken)).toMatchObject({status: 401, type: PROBLEM});
    for (const token of [first, second, third].map(one => one.refreshToken)) {
      expect(await refresh(token)).toMatchObject({status: 401, type: PROBLEM});
    }
    for (const token of [first, second, third].map(one => one.token)) expect((await me(token)).status).toBe(401);
    expect(await sessionsOf(account)).toEqual([{end_reason: 'reuse'}]);
  });

  it('does not touch other sessions of the account when it is used again', async () => {
    const {account, first} = await signedIn();
    const other = (await system.signIn(account)).body;
    await refresh(first.refreshToken);
    await later('11 seconds');
    await refresh(first.refreshToken);
    expect((await me(other.token)).status).toBe(200);
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });

  it('is refused when it was not used in time, and when its session is too old', async () => {
    const {account, first} = await signedIn();
    await system.database.query(
      `update refresh_tokens set expires_at = clock_timestamp() - interval '1 second' where session in (select id from sessions where account = $1)`,
      [account],
    );
    expect((await refresh(first.refreshToken)).status).toBe(401);
    const {account: old, first: ofOld} = await signedIn();
    await system.database.query(
      `update sessions set expires_at = clock_timestamp() - interval '1 second' where account = $1`,
      [old],
    );
    expect((await refresh(ofOld.refreshToken)).status).toBe(401);
  });

  it('is not kept, nor is what its use was answered with', async () => {
    const {first} = await signedIn();
    const second = (await refresh(first.refreshToken)).body;
    const rows = await system.database.query(`select encode(hash, 'escape') as hash, t.* from refresh_tokens t`);
    const text = JSON.stringify(rows);
    for (const secret of [first.refreshToken, second.refreshToken, second.token]) expect(text).not.toContain(secret);
  });
});

it('is started and refreshed also where there are no more connections than transactions', async () => {
  await using narrow = await startIdentity(postgres, 1, {DATABASE_POOL_MAX: '1'});
  const account = await narrow.register();
  const began = performance.now();
  // What is known of the keys is out of date by then.
  await expect.poll(() => performance.now() - began, {timeout: 10_000}).toBeGreaterThan(1_100);
  const session = await narrow.signIn(account);
  expect(session.status).toBe(201);
  const again = performance.now();
  await expect.poll(() => performance.now() - again, {timeout: 10_000}).toBeGreaterThan(1_100);
  const {refreshToken} = session.body;
  expect((await narrow.call('POST', '/v1/sessions/refresh', {body: {refreshToken}})).status).toBe(200);
});

describe('signing out', () => {
  it('ends this session and no other', async () => {
    const {account, first} = await signedIn();
    const other = (await system.signIn(account)).body;
    expect(await system.call('DELETE', '/v1/sessions/current', first)).toMatchObject({status: 204, text: ''});
    expect((await me(first.token)).status).toBe(401);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect((await system.call('DELETE', '/v1/sessions/current', first)).status).toBe(401);
    expect((await me(other.token)).status).toBe(200);
    const [ended] = await system.database.query<{id: string}>(
      'select id from sessions where account = $1 and ended_at is not null',
      [account],
    );
    await expect
      .poll(async () => (await system.call('GET', '/.well-known/jwks.json', {replica: 1})).body.ended_sessions)
      .toContain(ended?.id);
  });
});

describe('a name that is guessed at', () => {
  it('is locked after ten failures, whoever answers them, and open again after a while', async () => {
    const account = await system.register();
    const statuses: number[] = [];
    for (let times = 0; times < 11; times += 1) statuses.push((await guess(account, times % 2)).status);
    expect(statuses).toEqual([...Array.from({length: 10}, () => 401), 429]);
    const locked = await system.signIn(account);
    expect(locked).toMatchObject({status: 429, type: PROBLEM});
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(locked.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    await unlock();
    expect((await system.signIn(account)).status).toBe(201);
    // And with that all is forgotten.
    expect((await guess(account)).status).toBe(401);
  });

  it('tells of ten guesses and no more when they all come at once, and not whether one was right', async () => {
    const account = await system.register();
    const answers = await Promise.all(Array.from({length: 40}, (_, index) => guess(account, index % 2)));
    const told = answers.map(({status}) => status);
    expect(told.filter(status => status === 401)).toHaveLength(10);
    expect(told.filter(status => status === 429)).toHaveLength(30);
  });

  it('is not locked by any number of right passwords at once', async () => {
    const account = await system.register();
    const answers = await Promise.all(Array.from({length: 25}, () => system.signIn(account)));
    expect(new Set(answers.map(({status}) => status))).toEqual(new Set([201]));
  });

  it('is locked for longer each time, for a quarter of an hour at most, and leaves room for the owner in between', async () => {
    const account = await system.register();
    const waits: number[] = [];
    for (let locks = 0; locks < 8; locks += 1) {
      expect((await guess(account)).status).toBe(401);
      // As if there had been eight more.
      await system.database.query('update sign_in_failures set failures = 9 where failures = 1');
      expect((await guess(account)).status).toBe(401);
      waits.push(Number((await guess(account)).headers.get('retry-after')));
      // While it is locked nothing makes it longer.
      await guess(account);
      expect(Number((await guess(account)).headers.get('retry-after'))).toBeLessThanOrEqual(waits.at(-1) ?? 0);
      await unlock();
    }
    expect(waits.slice(1).every((wait, index) => wait >= (waits[index] ?? 0))).toBe(true);
    expect(waits[0]).toBeLessThanOrEqual(30);
    expect(Math.max(...waits)).toBeLessThanOrEqual(900);
    expect(waits.at(-1)).toBeGreaterThan(800);
    expect((await system.signIn(account)).status).toBe(201);
  });

  it('does not shut out who is signed in', async () => {
    const {account, first} = await signedIn();
    for (let times = 0; times < 11; times += 1) await guess(account);
    expect((await system.signIn(account)).status).toBe(429);
    expect((await me(first.token)).status).toBe(200);
    expect((await refresh(first.refreshToken)).status).toBe(200);
  });

  it('gives the same answers whether an account has it or not', async () => {
    const known = await system.register();
    const closed = await closedAccount();
    const names = [known, closed, 'nobody', crypto.randomUUID()];
    const rounds = await Promise.all(
      names.map(async name => {
        const answers: Answer[] = [];
        for (let times = 0; times < 12; times += 1) answers.push(await guess(name));
        return answers.map(({status, type, body}) => ({status, type, body}));
      }),
    );
    for (const round of rounds) expect(round).toEqual(rounds[0]);
  });

  it('costs a hash whether an account has it or not', async () => {
    const known = await system.register();
    const time = async (name: string): Promise<number> => {
      const began = performance.now();
      await guess(name);
      return performance.now() - began;
    };
    const times = {known: [] as number[], unknown: [] as number[], empty: [] as number[]};
    for (let rounds = 0; rounds < 9; rounds += 1) {
      times.known.push(await time(known));
      times.unknown.push(await time('a name that nobody has'));
      const began = performance.now();
      await system.call('POST', '/v1/sessions', {body: {account: known, password: ''}});
      times.empty.push(performance.now() - began);
    }
    const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[4] ?? 0;
    // Relative to each other: a request that hashes nothing is the yardstick.
    expect(median(times.unknown)).toBeGreaterThan(1.5 * median(times.empty));
    expect(median(times.unknown) / median(times.known)).toBeGreaterThan(0.25);
    expect(median(times.unknown) / median(times.known)).toBeLessThan(4);
  });

  it('is told of by events that repeat nothing that a stranger typed', async () => {
    const account = await system.register();
    await guess(account);
    await guess('my password, in the wrong field');
    expect(await system.events(account, 2)).toMatchObject([
      {type: 'account.registered'},
      {type: 'session.failed', data: {account}},
    ]);
    const all = JSON.stringify(await system.broker.read('identity.events'));
    expect(all).not.toContain('wrong field');
    await expect
      .poll(async () => JSON.stringify(await system.broker.read('identity.events')))
      .toMatch(/"unknown\/[\w-]{16}"/);
  });
});

async function signedIn(): Promise<{readonly account: string; readonly first: Session}> {
  const account = await system.register();
  return {account, first: sessionOf(await system.signIn(account))};
}

interface Session {
  readonly token: string;
  readonly refreshToken: string;
}

function sessionOf({body}: Answer): Session {
  return {token: String(body.token), refreshToken: String(body.refreshToken)};
}

function refresh(refreshToken: unknown, replica = 0): Promise<Answer> {
  return system.call('POST', '/v1/sessions/refresh', {body: {refreshToken}, replica});
}

function me(token: unknown): Promise<Answer> {
  return system.call('GET', '/v1/accounts/me', {token: String(token)});
}

function guess(account: string, replica = 0): Promise<Answer> {
  return system.call('POST', '/v1/sessions', {body: {account, password: `not ${PASSWORD}`}, replica});
}

async function closedAccount(): Promise<string> {
  const {account, first} = await signedIn();
  await system.call('DELETE', '/v1/accounts/me', first);
  return account;
}

function sessionsOf(account: string): Promise<readonly unknown[]> {
  return system.database.query('select end_reason from sessions where account = $1', [account]);
}

/** As if the time had passed since every use of a token. */
async function later(interval: string): Promise<void> {
  await system.database.query(`update refresh_tokens set used_at = used_at - interval '${interval}'`);
}

/** As if every lock had ended by now. */
async function unlock(): Promise<void> {
  await system.database.query(
    'update sign_in_failures set locked_until = clock_timestamp() where locked_until is not null',
  );
}
