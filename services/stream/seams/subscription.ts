import type {Delivery} from '../../kit/broker.ts';

/** How a replica takes messages of a stream. */
export interface Subscription {
  /** A batch that is neither settled nor extended within this time (ms, 50 to 600,000) is handed over again, maybe to another replica. */
  readonly ackWaitMs: number;
  /** A batch under way is extended this often (ms); 0: only by its worker. */
  readonly heartbeatMs: number;
  /** Messages of one batch at most, 1 to 1,000. */
  readonly batchMax: number;
  /** Partitions that a replica has in hand at once, 1 to 64. */
  readonly concurrency: number;
  /** Messages of a batch with the same key are handled together and in order, different keys side by side. Without it a batch is handled as one. */
  readonly key?: (message: Delivery) => string;
}

/** A module that replaces it exports `subscription`: what holds for each stream that stream consumes. */
export type Subscribe = (stream: string) => Subscription;
