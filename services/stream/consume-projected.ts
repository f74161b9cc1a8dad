import type {Broker, ConsumeOptions, Consumer, Delivery} from '../kit/broker.ts';
import type {Queryable} from '../kit/database.ts';
import type {Tables} from './event-clock-store.ts';
import type {Handler} from './seams/handler.ts';
import type {Partition} from './seams/partition.ts';
import type {Subscription} from './seams/subscription.ts';

/** What is made of a stream. */
export interface Projection {
  /** All that it writes: a rebuilt one takes the place of these. */
  readonly tables: readonly string[];
  /** Says what is wrong with a message that no repetition will put right. */
  malformed(message: Delivery): string | undefined;
  /**
   * Writes the effects of messages of one partition, in order; `replayed`: of all these partitions, in the order of publication. A message that was
   * projected before has no further effect.
   */
  apply(
    transaction: Queryable,
    messages: readonly Delivery[],
    tables: Tables,
    replayed?: {readonly partitions: readonly number[]},
  ): Promise<void>;
}

/** The broker gives up on nothing by itself: that the database was away says nothing against a message. */
const DELIVERIES_UNLIMITED = 1_000_000_000;

/** How a stream is consumed: what a learner's modules may replace, part by part. */
export interface Consumption {
  readonly subscription: Subscription;
  readonly work: Partition['work'];
  readonly handler: Handler;
}

/** Consumes a stream as it is said. `handled` hears of each batch. */
export function consumeProjected(
  broker: Broker,
  options: Pick<ConsumeOptions, 'stream' | 'group' | 'member'>,
  {subscription, work, handler}: Consumption,
  handled: () => void = () => undefined,
): Promise<Consumer> {
  const {ackWaitMs, heartbeatMs, batchMax, concurrency, key} = subscription;
  const limits = {ackWaitMs, heartbeatMs, batchMax, concurrency, deliveriesMax: DELIVERIES_UNLIMITED};
  return broker.consume({...options, ...limits}, async (batch, {extend}) => {
    const settlements = await work(batch, {key, extend, handle: messages => handler.handle(messages)});
    handled();
    return settlements;
  });
}
