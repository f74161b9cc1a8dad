import type {Subscribe} from './subscription.ts';

export const subscription: Subscribe = () => ({
  // Longer than the database's own timeouts, and short enough that another replica soon takes over from one that was cut off.
  ackWaitMs: 10_000,
  // Nothing that is done for a batch takes as long as that. A handler that hangs is to lose its partition.
  heartbeatMs: 0,
  // What a transaction costs by itself is shared by so many messages, and its memory is bounded by them.
  batchMax: 500,
  concurrency: 4,
});
