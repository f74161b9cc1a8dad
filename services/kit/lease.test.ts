import {describe, expect, it} from 'vitest';
import type {Clock} from './clock.ts';
import type {Entry, KeyValue} from './key-value.ts';
import {acquireLease, type Lease} from './lease.ts';
import {UnavailableError} from './unavailable.ts';

const TTL_MS = 900;

describe('a lease', () => {
  it('is taken over only after it stayed unchanged for its time on the clock of the one who waits', async () => {
    const {space, clock} = setUp();
    const first = await take(space, clock, 'first');
    await clock.pass(10_000);
    expect(first.lost.aborted).toBe(false);
    const second = take(space, clock, 'second');
    await clock.pass(10_000);
    expect(await isSettled(second)).toBe(false);
    first.abandon();
    await clock.pass(TTL_MS / 2);
    expect(await isSettled(second)).toBe(false);
    await clock.pass(TTL_MS);
    expect((await second).token()).toBeGreaterThan(first.token());
  });

  it('is lost on the holder’s own clock before anybody may take it over, when it cannot be renewed', async () => {
    const {space, clock} = setUp();
    const lease = await take(space, clock, 'first');
    space.isAway = true;
    await clock.pass(TTL_MS * 0.5);
    expect(lease.lost.aborted).toBe(false);
    await clock.pass(TTL_MS * 0.45);
    expect(lease.lost.aborted).toBe(true);
  });

  it('survives an answer that got lost', async () => {
    const {space, clock} = setUp();
    const lease = await take(space, clock, 'first');
    const before = lease.token();
    space.losesAnswers = true;
    await clock.pass(TTL_MS / 2);
    space.losesAnswers = false;
    await clock.pass(TTL_MS * 3);
    expect(lease.lost.aborted).toBe(false);
    expect(lease.token()).toBeGreaterThan(before);
  });

  it('is lost when somebody else has taken it over', async () => {
    const {space, clock} = setUp();
    const lease = await take(space, clock, 'first');
    await space.put('leader', {holder: 'somebody', ttlMs: TTL_MS});
    await clock.pass(TTL_MS / 2);
    expect(lease.lost.aborted).toBe(true);
  });

  it('is free at once when it was given back', async () => {
    const {space, clock} = setUp();
    const first = await take(space, clock, 'first');
    const second = take(space, clock, 'second');
    await clock.pass(TTL_MS / 10);
    await first.release();
    expect(first.lost.aborted).toBe(true);
    await clock.pass(TTL_MS / 2);
    expect(await isSettled(second)).toBe(true);
  });
});

function setUp() {
  return {space: createSpace(), clock: createManualClock()};
}

async function take(space: KeyValue, clock: Clock, holder: string): Promise<Lease> {
  return acquireLease(space, {key: 'leader', holder, ttlMs: TTL_MS, clock});
}

async function isSettled(work: Promise<unknown>): Promise<boolean> {
  return Promise.race([work.then(() => true), Promise.resolve().then(() => false)]);
}

/** A space in memory that can be away, or take writes and lose its answers. */
function createSpace() {
  const entries = new Map<string, Entry>();
  let head = 0;
  const space = {
    isAway: false,
    losesAnswers: false,
    get: async (key: string) => {
      if (space.isAway) throw new UnavailableError('away');
      return entries.get(key);
    },
    put: async (key: string, value: unknown) => {
      if (space.isAway) throw new UnavailableError('away');
      head += 1;
      entries.set(key, {key, value, revision: head});
      if (space.losesAnswers) throw new UnavailableError('the answer is lost');
      return head;
    },
    create: async (key: string, value: unknown) => (entries.has(key) ? undefined : space.put(key, value)),
    compareAndSet: async (key: string, value: unknown, revision: number) =>
      entries.get(key)?.revision === revision || space.isAway ? space.put(key, value) : undefined,
    delete: async (key: string) => entries.delete(key),
    keys: async () => [...entries.keys()],
    entries: async () => [...entries.values()],
    watch: () => ({stop: async () => undefined}),
    close: async () => undefined,
  };
  return space satisfies KeyValue;
}

/** Time passes when the test says so, in the order of what waits for it. */
function createManualClock(): Clock & {pass(ms: number): Promise<void>} {
  let now = 0;
  const waiting = new Set<{readonly at: number; readonly end: () => void}>();
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        const sleeper = {at: now + ms, end: resolve};
        waiting.add(sleeper);
        signal?.addEventListener('abort', () => waiting.delete(sleeper) && reject(signal.reason), {once: true});
      }),
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        await new Promise(resolve => setImmediate(resolve));
        const [next] = [...waiting].sort((a, b) => a.at - b.at);
        if (next === undefined || next.at > end) break;
        waiting.delete(next);
        now = Math.max(now, next.at);
        next.end();
      }
      now = end;
    },
  };
}
