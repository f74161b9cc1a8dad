import type {TimedFault} from '../../src/labs/lab.ts';
import {operationsAt, together} from '../../src/labs/operations.ts';
import {constantArrivals} from '../../src/load/arrivals.ts';
import type {Operation} from '../../src/load/load.ts';
import type {Random} from '../../src/random.ts';
import type {Parameters} from './parameters.ts';
import type {Setup} from './set-up.ts';

const PAGES_PER_SECOND = 3;
const PATIENCE_MS = 8_000;
const BASELINE_MS = 2_500;
const LOAD_MS = 14_500;
const RENAME_AT_MS = 300;

/** Pages that the attack asks for. */
export const PAGES = constantArrivals({ratePerSecond: PAGES_PER_SECOND, durationMs: LOAD_MS}).length;

export const SLOW = {atMs: 2_000, forMs: 6_500} as const;
export const DOWN = {atMs: 10_000, forMs: 3_000} as const;

export function faults({hopMs}: Parameters): readonly TimedFault[] {
  return [
    {kind: 'latency', target: 'gateway->identity', attributes: {latency: hopMs}, ...SLOW},
    {kind: 'latency', target: 'gateway->stream', attributes: {latency: hopMs}, ...SLOW},
    {kind: 'crash', target: 'identity', ...DOWN},
  ];
}

export function baseline(random: Random, setup: Setup, parameters: Parameters): readonly Operation[] {
  return pages(random, setup, parameters, BASELINE_MS);
}

export function attack(random: Random, setup: Setup, parameters: Parameters): readonly Operation[] {
  const {token, to} = setup.renamed;
  const rename = operationsAt('rename', [RENAME_AT_MS], () => ({
    request: {
      method: 'PATCH',
      path: '/v1/accounts/me',
      headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      body: JSON.stringify({name: to}),
    },
    patienceMs: PATIENCE_MS,
  }));
  return together(pages(random, setup, parameters, LOAD_MS), rename);
}

function pages(random: Random, {token}: Setup, {alerts}: Parameters, durationMs: number): readonly Operation[] {
  return operationsAt('page', constantArrivals({ratePerSecond: PAGES_PER_SECOND, durationMs}), () => ({
    request: {
      method: 'GET',
      path: `/v1/sign-in-alerts?limit=${alerts}`,
      headers: {
        authorization: `Bearer ${token}`,
        traceparent: `00-${random.hex(32)}-${random.hex(16)}-01`,
        'x-patience-ms': String(PATIENCE_MS),
      },
    },
    patienceMs: PATIENCE_MS,
  }));
}
