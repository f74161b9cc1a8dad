import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {startTestPostgres, type TestPostgres} from '../kit/testing/postgres.ts';
import {bundleService, type ServiceProcess} from '../kit/testing/process.ts';
import {type Caller, createCaller} from './testing/call.ts';
import {PASSWORD} from './testing/identity-system.ts';
import {interleaveSagas} from './testing/interleave-sagas.ts';
import {type Gate, type Mishap, register, type SagaSystem, startSagaSystem, until} from './testing/saga-system.ts';

const ENTRY = fileURLToPath(new URL('main.ts', import.meta.url));

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

  const harms: readonly (readonly [what: string, mishaps: readonly Mishap[]])[] = [['a lost reply', ['reply lost']]];

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

  it('answers a registration while stream is silent, and keeps its owner from signing in, not for longer than the silence', async () => {
    gate.always('PUT', 'silence');
    const account = await register(call);
    expect(await system.stateOf(account)).toBe('pending');
    const signIn = () => call('POST', '/v1/sessions', {body: {account, password: PASSWORD}});
    const refused = await signIn();
    expect(refused).toMatchObject({status: 503, body: {type: expect.stringMatching(/account-pending$/)}});
    expect(refused.headers.get('retry-after')).toBe('1');
    gate.always('PUT', undefined);
    await until('it can sign in', async () => (await signIn()).status === 201);
    await system.settled();
    expect(await system.wrongs()).toEqual([]);
  });
});

it('leaves no account closed with a quota or active without one, in whatever order several workers do their steps', () =>
  interleaveSagas(system, 25));
