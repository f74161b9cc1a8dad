import type {LabTools} from '../../src/labs/lab.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Random} from '../../src/random.ts';

/** As `given/limits.ts` has them. */
export const RATE = 10;
export const BURST = 20;

export const BASELINE_MS = 3_000;
export const LOAD_MS = 17_000;
export const DOWN_AT_MS = 7_000;
export const DOWN_FOR_MS = 5_000;

const PATIENCE_MS = 3_000;
const FLOOD_PER_SECOND = 10 * RATE;
/** The flood comes in as many pulses a second, as it does from a program with a pool of connections. */
const PULSES_PER_SECOND = 10;
/** Its last pulse. */
export const FLOOD_ENDS_AT_MS = LOAD_MS - 1_000 / PULSES_PER_SECOND;
const STEADY_CLIENTS = 3;
const STEADY_SHARE = 0.9;
/** Of a steady client's requests, those that the balancer sends to the same gateway: far more than half of the limit. */
const STEADY_TO_ONE = 0.95;
/** Of a burst, so that what has been used shortly before does not matter. */
export const BURST_SHARE = 0.8;
const BURST_WITHIN_MS = 250;
const BURSTS_AT_MS = [2_200, 5_200, 9_500, 14_500] as const;

/** `steady`: within its limit all the time; `burst`: quiet, and then as much as it may at once; `flood`: ten times its limit. */
export type Kind = 'steady' | 'burst' | 'flood';

/** Clients within their limits, before anybody floods. */
export function calm({random}: LabTools): Operation[] {
  return numbered(steady(random, BASELINE_MS), 'before');
}

export function attack({random}: LabTools): Operation[] {
  return numbered([...steady(random, LOAD_MS), ...bursts(random), ...flood(random)], 'attack');
}

type Ask = Omit<Operation, 'id'>;

function steady(random: Random, forMs: number): readonly Ask[] {
  return Array.from({length: STEADY_CLIENTS}, () => {
    const client = random.hex(12);
    const home = random.integer(0, 1);
    return constantArrivals({ratePerSecond: STEADY_SHARE * RATE, durationMs: forMs}).map(atMs =>
      ask('steady', client, atMs + random.integer(0, 20), random.next() < STEADY_TO_ONE ? home : 1 - home),
    );
  }).flat();
}

/** One client that is quiet in between, each burst at one gateway. */
function bursts(random: Random): readonly Ask[] {
  const client = random.hex(12);
  return BURSTS_AT_MS.flatMap(at => {
    const gateway = random.integer(0, 1);
    return Array.from({length: BURST_SHARE * BURST}, () =>
      ask('burst', client, at + random.integer(0, BURST_WITHIN_MS), gateway),
    );
  });
}

function flood(random: Random): readonly Ask[] {
  const client = random.hex(12);
  const first = random.integer(0, 1);
  // In some seconds one gateway sees less of it than the limit: what it sees alone tells it nothing.
  const shares = Array.from({length: LOAD_MS / 1_000}, () => random.pick([random.integer(65, 80), 94]) / 100);
  const size = FLOOD_PER_SECOND / PULSES_PER_SECOND;
  return constantArrivals({ratePerSecond: PULSES_PER_SECOND, durationMs: LOAD_MS}).flatMap(atMs =>
    Array.from({length: size}, (_, index) =>
      ask(
        'flood',
        client,
        atMs,
        (index + random.next()) / size < (shares[Math.floor(atMs / 1_000)] ?? 1) ? first : 1 - first,
      ),
    ),
  );
}

function ask(name: Kind, client: string, atMs: number, target: number): Ask {
  return {
    name,
    atMs,
    target,
    request: {method: 'GET', path: '/v1/windows?size=10s', headers: {'x-client-id': client}},
    patienceMs: PATIENCE_MS,
    facts: {client, gateway: target + 1},
  };
}

function numbered(asks: readonly Ask[], phase: string): Operation[] {
  return asks.toSorted((a, b) => a.atMs - b.atMs).map((operation, index) => ({...operation, id: `${phase}-${index}`}));
}
