import {setTimeout as delay} from 'node:timers/promises';
import {signUp} from '../../src/labs/accounts.ts';
import type {LabTools, TimedFault} from '../../src/labs/lab.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Random} from '../../src/random.ts';

export type Setup = {readonly account: string; readonly token: string};

/** Two kinds of callers. Each request states how long it waits, drawn from its kind's range, ms. */
export const CALLERS = {
  impatient: {ratePerSecond: 14, patienceMs: [350, 500]},
  patient: {ratePerSecond: 14, patienceMs: [900, 1_300]},
} as const;
export type Caller = keyof typeof CALLERS;

/** The lab's clients look on for this many times as long as they say that they wait, to see how late an answer is. */
const LOOKS_ON_TIMES = 4;
const BASELINE_MS = 2_500;
const LOAD_MS = 18_500;
const EVENTS = 100;
const PROJECTED_WITHIN_MS = 10_000;

export const WINDOWS = {
  hang: {atMs: 1_500, forMs: 5_000},
  slow: {atMs: 8_000, forMs: 2_500},
  lost: {atMs: 11_000, forMs: 2_500},
  drip: {atMs: 14_000, forMs: 3_500},
} as const;

/** More than a short timeout and less than the most impatient of the patient wait, ms. */
const SLOW_MS = 550;
const LOST_SHARE = 0.25;
/** A page of a hundred events takes some four seconds at this rate, and its head no time at all. */
const DRIP_KB_PER_SECOND = 4;

export function faults(): readonly TimedFault[] {
  const target = 'gateway->stream';
  return [
    {kind: 'pause', target: 'stream', ...WINDOWS.hang},
    {kind: 'latency', target, attributes: {latency: SLOW_MS}, ...WINDOWS.slow},
    {kind: 'drop-reply', target, attributes: {probability: LOST_SHARE}, ...WINDOWS.lost},
    {kind: 'bandwidth', target, attributes: {rate: DRIP_KB_PER_SECOND}, ...WINDOWS.drip},
  ];
}

/** An account with a page of events to read. */
export async function setUp(tools: LabTools): Promise<Setup> {
  const signedIn = await signUp(tools, 'Grace');
  const headers = {authorization: `Bearer ${signedIn.token}`};
  const events = Array.from({length: EVENTS}, () => ({kind: `page.opened.${tools.random.hex(40)}`}));
  await tools.http('POST', '/v1/activity', {headers, body: {events}});
  const until = Date.now() + PROJECTED_WITHIN_MS;
  while ((await projected(tools, signedIn.account)) < EVENTS && Date.now() < until) await delay(50);
  return signedIn;
}

async function projected(tools: LabTools, account: string): Promise<number> {
  const [row] = await tools.sql<{count: string}>('stream-db', 'select count(*) from activity where account = $1', [
    account,
  ]);
  return Number(row?.count);
}

export function baseline(random: Random, setup: Setup): readonly Operation[] {
  return traffic(random, setup, BASELINE_MS);
}

export function attack(random: Random, setup: Setup): readonly Operation[] {
  return traffic(random, setup, LOAD_MS);
}

function traffic(random: Random, {account, token}: Setup, durationMs: number): readonly Operation[] {
  // Who asks for what tells nothing of how long they wait.
  const paths = [
    `/v1/activity/${account}?limit=${EVENTS}`,
    `/v1/activity/${account}?limit=${EVENTS}`,
    '/v1/windows?size=10s',
  ];
  const kinds = (Object.keys(CALLERS) as Caller[]).map(caller => {
    const {
      ratePerSecond,
      patienceMs: [least, longest],
    } = CALLERS[caller];
    return operationsAt(caller, constantArrivals({ratePerSecond, durationMs}), () => {
      const waitsMs = random.integer(least, longest);
      const headers = {
        authorization: `Bearer ${token}`,
        traceparent: `00-${random.hex(32)}-${random.hex(16)}-01`,
        'x-patience-ms': String(waitsMs),
      };
      return {
        request: {method: 'GET', path: random.pick(paths), headers},
        patienceMs: waitsMs * LOOKS_ON_TIMES,
        facts: {waitsMs},
      };
    });
  });
  return together(...kinds);
}
