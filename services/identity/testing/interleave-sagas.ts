import fc from 'fast-check';
import {createSystemClock} from '../../kit/system-clock.ts';
import {RefusedError} from '../saga-refusal.ts';
import {createSagaSteps} from '../saga-steps.ts';
import {createSaga} from '../seams/saga.default.ts';
import type {SagaKind, SagaSteps} from '../seams/saga.ts';
import type {SagaSystem} from './saga-system.ts';

const QUIET = {debug() {}, info() {}, warn() {}, error() {}};

/**
 * Has several workers provision one account, some of which stream refuses, while its owner closes it, in `numRuns` orders of their steps.
 * Rejects when one leaves an account that is neither active with a quota nor erased without one.
 */
export async function interleaveSagas(system: SagaSystem, numRuns: number): Promise<void> {
  const real = stepsOf(system);
  let accounts = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.boolean(), {minLength: 2, maxLength: 3}),
      async (scheduler, refused) => {
        accounts += 1;
        const account = `interleaved-${accounts}`;
        await system.identity.query(
          `insert into accounts (id, name, password_hash, created_at) values ($1, 'Ada', 'x', now())`,
          [account],
        );
        const work = async (kind: SagaKind, no: boolean): Promise<void> => {
          const steps = scheduled(real, scheduler, no);
          const saga = createSaga({database: NO_ROWS, steps, clock: createSystemClock(), log: QUIET});
          await saga.run(kind, account);
          await saga.stop?.();
        };
        const closer = async (): Promise<void> => {
          await scheduler.schedule(Promise.resolve(), 'close');
          const closed = await system.identity.query(
            'update accounts set closed_at = now() where id = $1 and activated_at is not null and closed_at is null returning 1',
            [account],
          );
          if (closed.length > 0) await work('erase', false);
        };
        await scheduler.waitFor(Promise.all([closer(), ...refused.map(no => work('provision', no))]));
        const quotas = await system.stream.query('select 1 from quotas where account = $1', [account]);
        const state = await system.stateOf(account);
        if ((state !== 'active' && state !== 'erased') || quotas.length !== (state === 'active' ? 1 : 0))
          throw new Error(`${account} is ${state}, with ${quotas.length} quotas.`);
      },
    ),
    {numRuns},
  );
}

/** Rows of sagas are not what this is about. */
const NO_ROWS = {query: async () => [], transaction: () => Promise.reject(new Error('not used'))};

function scheduled(real: SagaSteps, scheduler: fc.Scheduler, refused: boolean): SagaSteps {
  const late = async <T>(work: () => Promise<T>): Promise<T> => {
    // Before it is sent, and before its answer is heard.
    await scheduler.schedule(Promise.resolve());
    const value = await work();
    await scheduler.schedule(Promise.resolve());
    return value;
  };
  return {
    setQuota: (account, revision) =>
      late(() => (refused ? Promise.reject(new RefusedError('no')) : real.setQuota(account, revision))),
    removeQuota: (account, revision) => late(() => real.removeQuota(account, revision)),
    activate: account => late(() => real.activate(account)),
    reject: account => late(() => real.reject(account)),
    erase: account => late(() => real.erase(account)),
  };
}

function stepsOf({identity, streamUrl}: SagaSystem): SagaSteps {
  const contexts = {current: () => undefined, run: <T>(_: unknown, work: () => T) => work(), outgoing: () => ({})};
  return createSagaSteps({
    database: identity,
    contexts,
    quotasAt: 'stream',
    crashPoints: {hit() {}, arm() {}, disarm() {}},
    publisher: {save: (_, work) => identity.transaction(work)},
    links: {
      instances: () => [{node: 'stream-1', url: streamUrl}],
      close: async () => undefined,
      async request(_, {method, path, headers = {}, body}) {
        const answer = await fetch(streamUrl + path, {
          method,
          headers,
          ...(body === undefined ? {} : {body: String(body)}),
        });
        const text = await answer.text();
        return {status: answer.status, headers: {}, node: 'stream-1', body: {text: async () => text}} as never;
      },
    },
  });
}
