/** A message to publish. */
export interface Message {
  /** Unique for ever within its stream: publishing the same id again changes nothing. */
  readonly id: string;
  /** Messages of one key are delivered in the order in which they were published. */
  readonly key: string;
  readonly type: string;
  readonly data: unknown;
  /** Trace context and the like. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message as a consumer gets it. */
export interface Delivery extends Message {
  readonly stream: string;
  readonly partition: number;
  /** Grows within a partition, without being gapless. */
  readonly position: number;
  /** 1 for the first time. */
  readonly deliveries: number;
  readonly publishedAt: number;
}

/** A published message that nobody could handle. */
export interface DeadLetter {
  readonly id: string;
  readonly stream: string;
  readonly group: string;
  readonly position: number;
  readonly reason: string;
  readonly message: Message;
  readonly at: number;
}

/**
 * What to do with a message. `ack`: done. `nak`: deliver it again after `delayMs`; its partition waits. `term`: give up on it
 * now; it goes to the dead letters with the reason.
 */
export type Settlement =
  | {readonly settle: 'ack'}
  | {readonly settle: 'nak'; readonly delayMs?: number; readonly reason?: string}
  | {readonly settle: 'term'; readonly reason: string};

export interface ConsumeOptions {
  readonly stream: string;
  /** Members of one group share the partitions; each message goes to one of them at a time. */
  readonly group: string;
  /** Who this member is, for the lag and the logs. */
  readonly member: string;
  /** A delivery that is not settled within this time (ms) is delivered again, maybe to another member. Default 30,000. */
  readonly ackWaitMs?: number;
  /** Past this many deliveries a message goes to the dead letters. Default 5. */
  readonly deliveriesMax?: number;
  /** Messages handed over at once, at most. Default 100. */
  readonly batchMax?: number;
  /** Partitions that this member has in hand at once. One of them that is slow or waits does not hold up the others. Default 4. */
  readonly concurrency?: number;
  /** A batch under way is extended by itself this often (ms), so that it may take longer than its ack wait. Default 0: never. */
  readonly heartbeatMs?: number;
}

/** A member's hold on a batch that was handed over to it. */
export interface Claim {
  /**
   * The batch is still being worked on: its ack wait begins anew. False when somebody else may have it by now, or it was settled; rejects
   * when the broker does not answer.
   */
  extend(): Promise<boolean>;
}

export interface Consumer {
  /** Takes no further messages and returns when those under way are settled. */
  stop(): Promise<void>;
}

export interface GroupLag {
  readonly stream: string;
  readonly group: string;
  readonly partition: number;
  /** Messages published and not yet acknowledged. */
  readonly lag: number;
  readonly position: number;
  readonly member: string | null;
}

/**
 * Streams of messages, partitioned by key. One message or batch is in flight per partition and group. An acknowledgement is no
 * fencing: a late one from an expired delivery may release the next message, so effects must be idempotent by message id.
 */
export interface Broker {
  /** Creates a stream where it is not there yet. The number of partitions of an existing stream does not change. */
  ensureStream(name: string, options?: {readonly partitions?: number}): Promise<void>;
  /** Returns when the messages are durable. Rejects when that is not known; publishing again is safe. */
  publish(stream: string, messages: readonly Message[]): Promise<void>;
  /** Hands over batches of one partition in order. The handler settles each message, in the same order as it got them. */
  consume(
    options: ConsumeOptions,
    handle: (batch: readonly Delivery[], claim: Claim) => Promise<readonly Settlement[]>,
  ): Promise<Consumer>;
  /** Reads a stream in order of publication without a group, from after `position` of each partition (default: all). */
  read(
    stream: string,
    options?: {readonly after?: Readonly<Record<number, number>>; readonly limit?: number},
  ): Promise<readonly Delivery[]>;
  lag(stream: string): Promise<readonly GroupLag[]>;
  deadLetters(stream: string): Promise<readonly DeadLetter[]>;
  /** Publishes a dead letter's message again to its stream for its group and takes it off the list. */
  redrive(stream: string, id: string): Promise<void>;
  /** Sets a group back: its next delivery is the first message after `position` (0: all of it). */
  seek(stream: string, group: string, position: number): Promise<void>;
  close(): Promise<void>;
}
