import {expect, it} from 'vitest';
import type {Logger} from '../../kit/logger.ts';
import {createManualClock, type ManualClock} from '../../kit/testing/manual-clock.ts';
import {createMemorySpace} from '../../kit/testing/memory-space.ts';
import type {Limit} from './limits.ts';
import {createRateLimit} from './rate-limit.default.ts';
import type {RateLimiter} from './rate-limit.ts';

const log: Logger = {debug() {}, info() {}, warn() {}, error() {}};
const LIMIT: Limit = {ratePerSecond: 20, burst: 20};
const STEP_MS = 10;

interface Gateway {
  readonly limiter: RateLimiter;
  readonly clock: ManualClock;
}

function createGateways(count: number, wallOffsetsMs: readonly number[] = []) {
  const store = createMemorySpace();
  const gateways = Array.from({length: count}, (_, index): Gateway => {
    const clock = createManualClock(wallOffsetsMs[index] ?? 0);
    return {clock, limiter: createRateLimit({store, clock, log})};
  });
  return {store, gateways};
}

/** Lets time pass; `ask` gives the clients that ask each gateway in a step. Returns what was granted to each. */
async function run(
  gateways: readonly Gateway[],
  forMs: number,
  ask: (gateway: number, step: number) => readonly string[],
): Promise<Map<string, {asked: number; granted: number}>> {
  const tally = new Map<string, {asked: number; granted: number}>();
  for (let step = 0; step < forMs / STEP_MS; step += 1) {
    const asked = gateways.flatMap(({limiter}, index) =>
      ask(index, step).map(async client => ({client, ...(await limiter.take(client, LIMIT))})),
    );
    for (const {client, allowed} of await Promise.all(asked)) {
      const counts = tally.get(client) ?? {asked: 0, granted: 0};
      tally.set(client, {asked: counts.asked + 1, granted: counts.granted + (allowed ? 1 : 0)});
    }
    for (const {clock} of gateways) clock.advance(STEP_MS);
  }
  return tally;
}

const grantedTo = (tally: Awaited<ReturnType<typeof run>>, client: string): number => tally.get(client)?.granted ?? 0;
/** 200/s, four of five at the first gateway. */
const flood = (gateway: number, step: number): readonly string[] =>
  gateway === (step % 5 === 0 ? 1 : 0) ? ['flooder', 'flooder'] : [];
/** 15/s at the first gateway alone. */
const steady = (gateway: number, step: number): readonly string[] =>
  gateway === 0 && step % 7 === 0 ? ['steady'] : [];

it('grants a flooder his limit over all gateways together, and everything to who keeps within it', async () => {
  const {gateways} = createGateways(2);
  const tally = await run(gateways, 20_000, (gateway, step) => [...flood(gateway, step), ...steady(gateway, step)]);
  expect(grantedTo(tally, 'flooder')).toBeLessThanOrEqual(1.05 * (20 * 20 + 20));
  expect(grantedTo(tally, 'flooder')).toBeGreaterThanOrEqual(0.9 * (20 * 20 + 20));
  expect(tally.get('steady')).toEqual({asked: 286, granted: 286});
});

it('grants a burst at once, over all gateways together, and then says when to come again', async () => {
  const {gateways} = createGateways(3);
  const asked = gateways.flatMap(({limiter}) => Array.from({length: 20}, async () => limiter.take('a', LIMIT)));
  const decisions = await Promise.all(asked);
  const granted = decisions.filter(({allowed}) => allowed).length;
  expect(granted).toBeGreaterThanOrEqual(20);
  expect(granted).toBeLessThanOrEqual(20 + 3 * 3);
  // The next one is granted when what was granted too early is paid back.
  const [refused] = decisions.filter(decision => !decision.allowed);
  expect(refused).toMatchObject({retryAfterSeconds: expect.closeTo(0.05, 0)});
});

it('asks the store nothing for clients that are far below their limit', async () => {
  const {store, gateways} = createGateways(2);
  const tally = await run(gateways, 10_000, (gateway, step) => (step % 150 === 0 ? [`quiet-${gateway}`] : []));
  expect([grantedTo(tally, 'quiet-0'), grantedTo(tally, 'quiet-1')]).toEqual([7, 7]);
  expect(store.writes).toBe(0);
});

it('asks the store far less often than it is asked', async () => {
  const {store, gateways} = createGateways(1);
  await run(gateways, 10_000, flood);
  expect(store.writes).toBeLessThanOrEqual(10 * 20 + 20);
});

it.each(['away', 'silent'] as const)(
  'goes on alone while the store is %s: no harm to who keeps within his limit, the limit at each gateway to others',
  async state => {
    const {store, gateways} = createGateways(2);
    const both = (gateway: number, step: number): readonly string[] => [
      ...flood(gateway, step),
      ...steady(gateway, step),
    ];
    await run(gateways, 3_000, both);
    store.state = state;
    const meanwhile = await run(gateways, 5_000, both);
    store.state = 'there';
    const after = await run(gateways, 5_000, both);
    for (const tally of [meanwhile, after]) expect(tally.get('steady')?.granted).toBe(tally.get('steady')?.asked);
    expect(grantedTo(meanwhile, 'flooder')).toBeLessThanOrEqual(1.1 * 2 * (5 * 20));
    expect(grantedTo(meanwhile, 'flooder')).toBeGreaterThanOrEqual(0.9 * 5 * 20);
    expect(grantedTo(after, 'flooder')).toBeLessThanOrEqual(1.1 * (5 * 20 + 20));
  },
);

it.each([[3_600_000], [-3_600_000]])('holds the limit when a wall clock is off by %d ms', async offset => {
  const {gateways} = createGateways(2, [0, offset]);
  const half = (gateway: number, step: number): readonly string[] => (step % 14 === gateway * 7 ? ['halved'] : []);
  const tally = await run(gateways, 20_000, (gateway, step) => [...flood(gateway, step), ...half(gateway, step)]);
  expect(grantedTo(tally, 'flooder')).toBeLessThanOrEqual(1.1 * (20 * 20 + 20));
  expect(grantedTo(tally, 'flooder')).toBeGreaterThanOrEqual(0.9 * 20 * 20);
  expect(tally.get('halved')?.granted).toBe(tally.get('halved')?.asked);
});

it('forgets whom it has not heard of for longest, so that inventing clients fills no memory', async () => {
  const {store, gateways} = createGateways(1);
  store.state = 'away';
  const limiter = gateways[0]?.limiter;
  const take = async (client: string) => (await limiter?.take(client, LIMIT))?.allowed;
  while (await take('first'));
  for (let index = 0; index < 19_000; index += 1) await take(`client-${index}`);
  expect(await take('first')).toBe(false);
  for (let index = 0; index < 20_001; index += 1) await take(`other-${index}`);
  expect(await take('first')).toBe(true);
});
