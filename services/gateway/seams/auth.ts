/** Who sent a request. The same contract in every service: see there. */
export type * from '../../kit/auth.ts';
