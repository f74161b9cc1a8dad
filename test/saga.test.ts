import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {type Caller, createCaller} from '../services/identity/testing/call.ts';
import {PASSWORD} from '../services/identity/testing/identity-system.ts';
import {interleaveSagas} from '../services/identity/testing/interleave-sagas.ts';
import {
  type Gate,
  type Mishap,
  register,
  type SagaSystem,
  startSagaSystem,
  until,
} from '../services/identity/testing/saga-system.ts';
import type {CrashPoint} from '../services/kit/environment.ts';
import {startTestPostgres, type TestPostgres} from '../services/kit/testing/postgres.ts';
import {bundleService, type ServiceProcess} from '../services/kit/testing/process.ts';

const ENTRY = fileURLToPath(new URL('../services/identity/main.ts', import.meta.url));

let postgres: TestPostgres;
let bundle: Awaited<ReturnType<typeof bundleService>>;
let system: SagaSystem;

beforeAll(async () => {
  [postgres, bundle] = await Promise.all([startTestPostgres(), bundleService(ENTRY)]);
  system = await startSagaSystem(postgres, bundle.file);
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await Promise.all([postgres[Symbol.asyncDispose](), bundle.remove()]);
});

describe('a saga whose steps come to harm', () => {
  let gate: Gate;
  let identity: ServiceProcess;
  let call: Caller;

  beforeAll(async () => {
    gate = await system.openGate();
    identity = system.start(gate);
    call = createCaller(await identity.url());
  });
  afterAll(async () => {
    await system.settled();
    await identity[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    gate.always('PUT', undefined);
    gate.always('DELETE', undefined);
  });

  async function close(account: string): Promise<void> {
    const {body} = await call('POST', '/v1/sessions', {body: {account, password: PASSWORD}});
    expect((await call('DELETE', '/v1/accounts/me', {token: String(body.token)})).status).toBe(204);
  }

  const harms: readonly (readonly [what: string, mishaps: readonly Mishap[]])[] = [
    ['an error', [503]],
    ['a lost reply', ['reply lost']],
    ['one thing after the other', [500, 'reply lost', 404]],
  ];

  it.each(harms)('ends with a quota and an active account when setting the quota meets %s', async (_, mishaps) => {
    gate.next('PUT', ...mishaps);
    const account = await register(call);
    await system.settled();
    expect(await system.stateOf(account)).toBe('active');
    expect(await system.wrongs()).toEqual([]);
  });

  it.each([['no harm', []] as const, ...harms])(
    'takes everything back when the quota is refused, and that meets %s',
    async (_, mishaps) => {
      // The first try was done, and its answer got lost.
      gate.next('PUT', 'reply lost', 422);
      gate.next('DELETE', ...mishaps);
      const account = await register(call);
      await until('the account is erased', async () => (await system.stateOf(account)) === 'erased');
      await system.settled();
      expect(await system.wrongs()).toEqual([]);
      expect((await call('POST', '/v1/sessions', {body: {account, password: PASSWORD}})).status).toBe(401);
      const [event] = await system.identity.query("select 1 from outbox where id = 'account.closed/' || $1", [account]);
      expect(event).toBeDefined();
    },
  );

  it.each([['no harm', []] as const, ...harms])('erases a closed account when that meets %s', async (_, mishaps) => {
    const account = await register(call);
    await system.settled();
    gate.next('DELETE', ...mishaps);
    await close(account);
    await until('the account is erased', async () => (await system.stateOf(account)) === 'erased');
    await system.settled();
    expect(await system.wrongs()).toEqual([]);
  });
});

type Kill = readonly [what: 'open' | 'refuse' | 'close', point: CrashPoint, skip: number];

/** Before and after each step: two of provisioning, two of erasing, and of a refused one: set, reject, remove, erase. */
const KILLS: readonly Kill[] = [
  ...(['before_step', 'after_step'] as const).flatMap(point => [0, 1].map(skip => ['open', point, skip] as const)),
  ...[0, 1, 2, 3].map(skip => ['refuse', 'before_step', skip] as const),
  // The refused step itself has no end to die after.
  ...[0, 1, 2].map(skip => ['refuse', 'after_step', skip] as const),
  ...(['before_step', 'after_step'] as const).flatMap(point => [0, 1].map(skip => ['close', point, skip] as const)),
];

it('is brought to its end by another replica, whichever step its own was killed before or after', async () => {
  const [open, refusing] = [await system.openGate(), await system.openGate()];
  refusing.always('PUT', 422);
  const rest = [...KILLS];
  const accounts: string[] = [];
  await using witness = system.start(open, 'witness');
  const callWitness = createCaller(await witness.url());
  async function kill([what, point, skip]: Kill, index: number): Promise<void> {
    await using victim = system.start(what === 'refuse' ? refusing : open, `victim-${index}`);
    const call = createCaller(await victim.url());
    let account = '';
    let token = '';
    if (what === 'close') {
      account = await register(callWitness);
      token = String((await callWitness('POST', '/v1/sessions', {body: {account, password: PASSWORD}})).body.token);
    }
    victim.tell({type: 'arm', point, skip});
    await victim.until(() => victim.reports.some(({type}) => type === 'armed'));
    // The answer may have left before the process was gone, or not.
    if (what === 'close') await call('DELETE', '/v1/accounts/me', {token}).catch(() => undefined);
    else
      await register(call).then(
        id => (account = id),
        () => undefined,
      );
    await victim.exited;
    expect(victim.reports).toContainEqual(expect.objectContaining({type: 'crash-point', point}));
    accounts.push(account);
  }
  for (let round = 0; rest.length > 0; round += 1)
    await Promise.all(rest.splice(0, 5).map((one, index) => kill(one, round * 5 + index)));
  await system.settled();
  expect(accounts).toHaveLength(KILLS.length);
  expect(await system.wrongs()).toEqual([]);
});

it('leaves no account closed with a quota or active without one, in whatever order several workers do their steps', () =>
  interleaveSagas(system, 200));
