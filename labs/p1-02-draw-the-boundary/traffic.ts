import {type OperationBody, operationsAt, together} from '../../src/labs/operations.ts';
import {arrivals, constantArrivals, constantRate} from '../../src/load/arrivals.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Random} from '../../src/random.ts';
import type {Held, Setup} from './set-up.ts';

export const OUTAGE_AT_MS = 14_000;
export const OUTAGE_FOR_MS = 7_000;
const LOAD_MS = 24_000;
const BASELINE_MS = 3_000;
const PATIENCE_MS = 2_000;
const READS_PER_SECOND = 100;
const FORGED_PER_SECOND = 4;
const CLOSED_PER_SECOND = 6;
/** The account is closed within this time, so that its token has to be refused before the outage begins. */
const CLOSE_AT_MS = [1_000, 2_000] as const;
/** Late enough that identity takes it for a theft (ten seconds after its owner has used it, in the set-up), and early enough before the outage. */
const STEAL_AT_MS = [6_000, 6_500] as const;
const STEADY_SHARE = 0.1;
/** Tokens that are shown at one moment: the newest, and some before it. */
const SHOWN_AT_ONCE = 3;
/** Of the baseline alone. */
const BASELINE_TOKENS = 5;

/** Reads with tokens of which some are always seen for the first time. */
export function baseline(random: Random, {fresh}: Setup): readonly Operation[] {
  const starts = constantArrivals({ratePerSecond: READS_PER_SECOND / 2, durationMs: BASELINE_MS});
  return operationsAt('read', starts, () => read(random, random.pick(fresh.slice(0, BASELINE_TOKENS))));
}

export function attack(random: Random, setup: Setup): readonly Operation[] {
  const tokens = setup.fresh.slice(BASELINE_TOKENS);
  const reads = constantArrivals({ratePerSecond: READS_PER_SECOND, durationMs: LOAD_MS});
  const newest = (index: number): number => Math.floor((index / reads.length) * tokens.length);
  const closeAtMs = random.integer(...CLOSE_AT_MS);
  const forgedAt = arrivals(constantRate(FORGED_PER_SECOND, LOAD_MS), random.stream('forged'));
  const closedAt = constantArrivals({ratePerSecond: CLOSED_PER_SECOND, durationMs: LOAD_MS});
  return together(
    operationsAt('read', reads, index => {
      const shown = tokens[Math.max(0, newest(index) - random.integer(0, SHOWN_AT_ONCE - 1))] as Held;
      return read(random, random.next() < STEADY_SHARE ? setup.steady : shown);
    }),
    operationsAt('forged', forgedAt, () => {
      const forgery = random.pick(setup.forged);
      return read(random, forgery, {kind: forgery.kind});
    }),
    operationsAt('close', [closeAtMs], () => ({
      request: {method: 'DELETE', path: '/v1/accounts/me', headers: headersOf(random, setup.closing)},
      patienceMs: PATIENCE_MS,
    })),
    operationsAt('leaver', closedAt, () => read(random, setup.closing)),
    operationsAt('steal', [random.integer(...STEAL_AT_MS)], () => ({
      request: {
        method: 'POST',
        path: '/v1/sessions/refresh',
        headers: {'content-type': 'application/json'},
        body: JSON.stringify({refreshToken: setup.stolen.refreshToken}),
      },
      patienceMs: PATIENCE_MS,
    })),
    operationsAt('robbed', closedAt, () => read(random, setup.stolen)),
  );
}

function read(random: Random, held: Held, facts: Readonly<Record<string, string>> = {}): OperationBody {
  const headers = headersOf(random, held);
  const request = {method: 'GET' as const, path: `/v1/activity/${held.account}`, headers};
  const trace = headers.traceparent.split('-')[1] ?? '';
  return {request, patienceMs: PATIENCE_MS, facts: {...facts, trace, token: held.token.slice(-12)}};
}

function headersOf(random: Random, {token}: Held) {
  return {authorization: `Bearer ${token}`, traceparent: `00-${random.hex(32)}-${random.hex(16)}-01`};
}
