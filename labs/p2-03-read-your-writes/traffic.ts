import type {SignedIn} from '../../src/labs/accounts.ts';
import type {LabTools, TimedAct} from '../../src/labs/lab.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';
import type {FollowUp, Operation} from '../../src/load/load.ts';
import {endOf, type Parameters, SCHEDULE, stallFrom} from './parameters.ts';

export const PAGE = 40;
const READ_PATIENCE_MS = 6_000;
const CALM_PER_SECOND = 12;
const SHORT_PER_SECOND = 32;
/** All that a standstill has kept waiting is answered at once after it: enough for 300 pairs, and no more. */
const LONG_PER_SECOND = 28;
const STALL_PER_SECOND = 12;
/** Writes go on for so long into the last standstill. */
const STALL_WRITES_MS = 1_600;

/** Pairs of a write and the reads after it, over a healthy system. */
export function calmPairs(tools: LabTools, accounts: readonly SignedIn[], forMs: number): readonly Operation[] {
  return pairs(tools, accounts, {name: 'calm', perSecond: CALM_PER_SECOND, fromMs: 0, toMs: forMs, gapsMs: [50, 250]});
}

/** Pairs through short standstills of the projection, long ones, and one that outlasts anybody's patience. */
export function attackPairs(tools: LabTools, accounts: readonly SignedIn[], drawn: Parameters): readonly Operation[] {
  const {longFrom, longs, shortFrom} = SCHEDULE;
  const longTo = longFrom + longs * drawn.everyMs;
  const stall = stallFrom(drawn);
  return together(
    pairs(tools, accounts, {
      name: 'short',
      perSecond: SHORT_PER_SECOND,
      fromMs: shortFrom,
      toMs: longFrom - 200,
      gapsMs: [0, 80],
    }),
    pairs(tools, accounts, {
      name: 'long',
      perSecond: LONG_PER_SECOND,
      fromMs: longFrom,
      toMs: longTo,
      gapsMs: [drawn.gapMs, drawn.gapMs],
    }),
    pairs(tools, accounts, {
      name: 'stall',
      perSecond: STALL_PER_SECOND,
      fromMs: stall - 300,
      toMs: stall + STALL_WRITES_MS,
      gapsMs: [0, 80],
    }),
    // Somebody who has seen nothing and need not wait for anything, to the end.
    operationsAt('look', constantArrivals({ratePerSecond: 2, durationMs: endOf(drawn)}), index => ({
      ...{request: read(pick(accounts, index)), patienceMs: READ_PATIENCE_MS},
    })),
  );
}

/** Holds up whatever projects, and nobody who reads: what a migration does, or a rebuild that takes its place. */
export function standstills(tools: LabTools, drawn: Parameters): readonly TimedAct[] {
  const {shortFrom, shortEveryMs, shortMs, shorts, longFrom, longs, stallMs} = SCHEDULE;
  const stop = (atMs: number, forMs: number): TimedAct => ({
    kind: 'act',
    name: `the projection stands still for ${(forMs / 1_000).toFixed(1)} s`,
    atMs,
    async act() {
      await tools.sql(
        'stream-db',
        `lock table projected in share row exclusive mode; select pg_sleep(${forMs / 1_000})`,
      );
    },
  });
  return [
    ...Array.from({length: shorts}, (_, n) => stop(shortFrom + n * shortEveryMs, shortMs)),
    ...Array.from({length: longs}, (_, n) => stop(longFrom + n * drawn.everyMs, drawn.longMs)),
    stop(stallFrom(drawn), stallMs),
  ];
}

interface Pairs {
  readonly name: string;
  readonly perSecond: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Between the answer to the write and the first read, at least and at most. */
  readonly gapsMs: readonly [number, number];
}

/** One client each: it writes, reads, and reads again, and carries from answer to answer what it is given. */
function pairs(tools: LabTools, accounts: readonly SignedIn[], plan: Pairs): readonly Operation[] {
  const {name, perSecond, fromMs, toMs, gapsMs} = plan;
  const starts = constantArrivals({ratePerSecond: perSecond, durationMs: toMs - fromMs}).map(ms => fromMs + ms);
  return operationsAt(name, starts, index => {
    const who = pick(accounts, index);
    const id = `${name}-${index}-${tools.random.hex(4)}`;
    const facts = {written: id, account: who.account};
    const again: FollowUp = {
      name: `${name}-again`,
      afterMs: tools.random.integer(40, 400),
      request: read(who),
      patienceMs: READ_PATIENCE_MS,
      carry: ['x-position'],
      facts,
    };
    const first: FollowUp = {
      name: `${name}-read`,
      afterMs: tools.random.integer(...gapsMs),
      request: read(who),
      patienceMs: READ_PATIENCE_MS,
      carry: ['x-position'],
      facts,
      next: again,
    };
    return {
      request: {
        method: 'POST',
        path: '/v1/activity',
        headers: {'content-type': 'application/json', authorization: `Bearer ${who.token}`},
        body: JSON.stringify({id, kind: 'note'}),
      },
      patienceMs: 5_000,
      facts,
      next: first,
    };
  });
}

function read({account, token}: SignedIn) {
  return {
    method: 'GET',
    path: `/v1/activity/${account}?limit=${PAGE}`,
    headers: {authorization: `Bearer ${token}`},
  } as const;
}

function pick(accounts: readonly SignedIn[], index: number): SignedIn {
  const found = accounts[index % accounts.length];
  if (found === undefined) throw new RangeError('there are no accounts');
  return found;
}
