import {expect, it} from 'vitest';
import {createSystemClock} from '../../kit/system-clock.ts';
import {createUpstreamPolicy} from './upstream-policy.default.ts';
import type {UpstreamPolicy, UpstreamRequest} from './upstream-policy.ts';

const SILENT = {debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined};

it('repeats a safe request once after a lost answer, and an unsafe one never', async () => {
  const policy = create();
  expect(await sends(policy, {method: 'GET', safeToRepeat: true}, ['lost', 200])).toEqual([200, 2]);
  expect(await sends(policy, {method: 'GET', safeToRepeat: true}, ['lost', 'lost', 200])).toEqual(['lost', 2]);
  expect(await sends(policy, {method: 'POST', safeToRepeat: false}, ['lost', 200])).toEqual(['lost', 1]);
});

it('repeats a safe request that was answered "not now", and passes other refusals on', async () => {
  const policy = create();
  expect(await sends(policy, {method: 'GET', safeToRepeat: true}, [503, 200])).toEqual([200, 2]);
  expect(await sends(policy, {method: 'POST', safeToRepeat: false}, [503, 200])).toEqual([503, 1]);
  expect(await sends(policy, {method: 'GET', safeToRepeat: true}, [404, 200])).toEqual([404, 1]);
});

it('has a budget for retries: a tenth of the requests and a few to begin with', async () => {
  const policy = create();
  let count = 0;
  for (let round = 0; round < 60; round += 1) {
    const [, used] = await sends(policy, {method: 'GET', safeToRepeat: true}, [503, 200]);
    await sends(policy, {method: 'GET', safeToRepeat: true}, [200]);
    count += Number(used) - 1;
  }
  expect(count).toBeGreaterThanOrEqual(15);
  expect(count).toBeLessThanOrEqual(18);
});

it('ends an attempt at the deadline and frees what it holds', async () => {
  let reason: unknown;
  const hanging = create().call(request({deadline: Date.now() + 50}), signal =>
    waitFor(signal, error => {
      reason = error;
    }),
  );
  await expect(hanging).rejects.toMatchObject({name: 'TimeoutError'});
  expect(reason).toMatchObject({name: 'TimeoutError'});
});

it('ends the reading of a body at the deadline too', async () => {
  let signal: AbortSignal | undefined;
  await create().call(request({deadline: Date.now() + 50}), async given => {
    signal = given;
    return {status: 200};
  });
  expect(signal?.aborted).toBe(false);
  await expect.poll(() => signal?.aborted).toBe(true);
});

it('refuses at once after five failures in a row', async () => {
  const policy = create();
  for (let round = 0; round < 5; round += 1) await sends(policy, {method: 'POST', safeToRepeat: false}, [500]);
  expect(await sends(policy, {method: 'POST', safeToRepeat: false}, [200])).toEqual([
    {refused: expect.any(String), retryAfterSeconds: expect.closeTo(1, 0)},
    0,
  ]);
});

it('does not take the impatience of callers for a failure of the upstream', async () => {
  const policy = create();
  for (let round = 0; round < 6; round += 1) {
    await expect(policy.call(request({deadline: Date.now() + 5}), signal => waitFor(signal))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  }
  expect(await sends(policy, {}, [200])).toEqual([200, 1]);
});

it('lets 32 calls be under way at once', async () => {
  const policy = create();
  const end = new AbortController();
  const ended = waitFor(end.signal);
  const calls = Array.from({length: 32}, () => policy.call(request({}), () => ended).catch(() => 'ended'));
  expect(await sends(policy, {}, [200])).toMatchObject([{refused: '32 calls to it are under way already'}, 0]);
  end.abort(new Error('end'));
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['ended']));
});

function create(): UpstreamPolicy {
  return createUpstreamPolicy('stream', {clock: createSystemClock(), log: SILENT});
}

function request(given: Partial<UpstreamRequest>): UpstreamRequest {
  return {method: 'POST', path: '/', safeToRepeat: false, deadline: Date.now() + 10_000, ...given};
}

/** Calls with an upstream that answers, in turn, with these; returns how the call ended and how often it was sent. */
async function sends(
  policy: UpstreamPolicy,
  given: Partial<UpstreamRequest>,
  answers: readonly (number | 'lost')[],
): Promise<unknown[]> {
  let count = 0;
  const call = policy.call(request(given), async () => {
    const answer = answers[count];
    count += 1;
    if (answer === 'lost' || answer === undefined) throw new Error('lost');
    return {status: answer};
  });
  const end = await call.then(
    ({status}) => status,
    (error: unknown) => (error instanceof Error ? error.message : error),
  );
  return [end, count];
}

function waitFor(signal: AbortSignal, say: (reason: unknown) => void = () => undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      say(signal.reason);
      reject(signal.reason);
    });
  });
}
