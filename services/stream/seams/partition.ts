import type {Delivery, Settlement} from '../../kit/broker.ts';
import type {Clock} from '../../kit/clock.ts';
import type {Logger} from '../../kit/logger.ts';

/** An event that an account reports. */
export interface ReportedEvent {
  /** The account's own name for it. */
  readonly id: string;
  readonly account: string;
  readonly kind: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What a worker has for one batch. */
export interface WorkerTools {
  /** Puts messages through the service's handler, as one piece of work, and gives their settlements in the same order. */
  handle(messages: readonly Delivery[]): Promise<readonly Settlement[]>;
  /** The batch is still being worked on: its ack wait begins anew. False when somebody else may have it by now. */
  extend(): Promise<boolean>;
  /** Which messages belong together, where the subscription says so. */
  readonly key: ((message: Delivery) => string) | undefined;
}

/**
 * What has to stay in order in the stream `activity`, and how it is worked off. Messages of one key come in the order in which they were
 * published, in batches; of a partition one batch is under way at a time, until its ack wait is over.
 */
export interface Partition {
  /** The key under which an event is published. */
  key(event: ReportedEvent): string;
  /** Works off a batch of one partition, and says for each message what becomes of it, in the same order. */
  work(batch: readonly Delivery[], tools: WorkerTools): Promise<readonly Settlement[]>;
}

/** A module that replaces it exports `createPartition`. Every replica of stream creates one. */
export type CreatePartition = (tools: {readonly clock: Clock; readonly log: Logger}) => Partition;
