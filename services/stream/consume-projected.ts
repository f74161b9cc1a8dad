import type {Broker, ConsumeOptions, Consumer, Delivery, Settlement} from '../kit/broker.ts';
import type {Queryable} from '../kit/database.ts';
import {isDatabaseUnavailable, sqlState} from '../kit/postgres-errors.ts';
import type {Kit} from '../kit/service.ts';
import {isUnavailable} from '../kit/unavailable.ts';
import type {Tables} from './event-clock-store.ts';

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

/** Attempts at a message whose projection fails while the database works. */
const ATTEMPTS_MAX = 5;
const RETRY_AFTER_MS = 500;
/** The broker gives up on nothing by itself: that the database was away says nothing against a message. */
const DELIVERIES_UNLIMITED = 1_000_000_000;
/** Longer than the database's own timeouts, and short enough that another replica soon takes over from one that was cut off. */
const ACK_WAIT_MS = 10_000;
/** What a transaction costs by itself is shared by so many messages, and its memory is bounded by them. */
const BATCH_MAX = 500;

/** Consumes a stream into the database: the effects of a batch and the position in its partition are one transaction. `applied` hears of each. */
export function consumeProjected(
  {database, log}: Pick<Kit, 'database' | 'log'>,
  broker: Broker,
  options: Pick<ConsumeOptions, 'stream' | 'group' | 'member'>,
  projection: Projection,
  applied: () => void = () => undefined,
): Promise<Consumer> {
  const limits = {deliveriesMax: DELIVERIES_UNLIMITED, ackWaitMs: ACK_WAIT_MS, batchMax: BATCH_MAX};
  return broker.consume({...options, ...limits}, async batch => {
    const problems = batch.map(message => projection.malformed(message));
    const good = batch.filter((_, index) => problems[index] === undefined);
    try {
      await database.transaction(async transaction => {
        // First, because its lock keeps a rebuilt projection from taking the place of this one meanwhile.
        await movePosition(transaction, options.stream, batch);
        if (good.length > 0) await projection.apply(transaction, good, '');
      });
    } catch (error) {
      return [settleFailure(error, batch)];
    }
    applied();
    return problems.map(reason => (reason === undefined ? {settle: 'ack'} : {settle: 'term', reason}));
  });

  /** The settlement of the first message; those behind it come again, one by one, which shows whose fault it was. */
  function settleFailure(error: unknown, [first]: readonly Delivery[]): Settlement {
    const reason = error instanceof Error ? error.message : String(error);
    if (!isPassing(error) && (first?.deliveries ?? 0) >= ATTEMPTS_MAX) return {settle: 'term', reason};
    log.warn({err: error, stream: options.stream, id: first?.id}, 'a batch could not be projected; it will come again');
    return {settle: 'nak', delayMs: RETRY_AFTER_MS, reason};
  }
}

/** Outages, lost answers, deadlocks: not the message's fault. */
export function isPassing(error: unknown): boolean {
  const state = sqlState(error);
  return (
    isDatabaseUnavailable(error) ||
    isUnavailable(error) ||
    state === '40001' ||
    state === '40P01' ||
    (error instanceof Error && 'commitUnknown' in error)
  );
}

async function movePosition(transaction: Queryable, stream: string, batch: readonly Delivery[]): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  await transaction.query(
    `insert into projected (stream, partition, position) values ($1, $2, $3)
     on conflict (stream, partition) do update set position = greatest(projected.position, excluded.position)`,
    // Deliveries of different keys may come in any order.
    [stream, first.partition, Math.max(...batch.map(({position}) => position))],
  );
}
