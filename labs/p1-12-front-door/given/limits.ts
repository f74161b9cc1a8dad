import type {LimitOf} from 'teralab/gateway/seams/limits';

/** The limit of every client, over all gateways together. */
export const limitOf: LimitOf = () => ({ratePerSecond: 10, burst: 20});
