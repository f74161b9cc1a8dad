import type {Limit, LimitOf} from './limits.ts';

const PRODUCTION: Limit = {ratePerSecond: 200, burst: 400};
/** The lab's driver is a few clients that ask for the traffic of many. */
const LAB: Limit = {ratePerSecond: 5_000, burst: 10_000};

/** The same limit for every client. */
export function createLimitOf(profile: 'lab' | 'production'): LimitOf {
  const limit = profile === 'lab' ? LAB : PRODUCTION;
  return () => limit;
}
