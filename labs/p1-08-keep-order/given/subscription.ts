import type {Subscribe} from 'teralab/stream/seams/subscription';

/** Whoever dies is replaced within 0.7 s, which is less than a batch of this size takes. */
export const subscription: Subscribe = stream =>
  stream === 'activity'
    ? {ackWaitMs: 700, heartbeatMs: 0, batchMax: 10, concurrency: 1}
    : {ackWaitMs: 10_000, heartbeatMs: 0, batchMax: 100, concurrency: 1};
