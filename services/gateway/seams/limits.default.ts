import type {Limit, LimitOf} from './limits.ts';

const PRODUCTION: Limit = {ratePerSecond: 200, burst: 400};
/** The lab's driver is a few clients that ask for the traffic of many. */
const LAB: Limit = {ratePerSecond: 5_000, burst: 10_000};

export function defaultLimit(profile: 'lab' | 'production'): Limit {
  return profile === 'lab' ? LAB : PRODUCTION;
}

/** The same limit for every client, as it is set now. */
export function createLimitOf(current: () => Limit): LimitOf {
  return () => current();
}
