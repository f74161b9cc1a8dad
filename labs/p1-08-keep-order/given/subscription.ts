import type {Subscribe} from 'teralab/stream/seams/subscription';

/** Whoever dies is replaced within 0.6 s, which is less than a batch of this size takes. */
export const subscription: Subscribe = stream =>
  stream === 'activity'
    ? {ackWaitMs: 600, heartbeatMs: 0, batchMax: 8, concurrency: 2}
    : {ackWaitMs: 10_000, heartbeatMs: 0, batchMax: 100, concurrency: 1};
