import {randomUUID} from 'node:crypto';
import type {ConsumeOptions, Consumer, Delivery, Settlement} from '../broker.ts';
import type {Clock} from '../clock.ts';
import type {Logger} from '../logger.ts';
import {sqlState} from '../postgres-errors.ts';
import {createWake} from '../wake.ts';
import {type MessageRow, toDelivery} from './deliveries.ts';
import type {Hints} from './listen.ts';
import {NO_GROUP} from './schema.ts';
import type {Session} from './session.ts';
import {type BatchOutcome, summarize} from './settlements.ts';
import type {Streams} from './streams.ts';

/** The hint may get lost; this poll may not. */
const POLL_EVERY_MS = 500;
const AFTER_ERROR_MS = 250;
/** Partitions that one member has in hand at once. One of them that is slow or waits does not hold up the others. */
const PARTITIONS_AT_ONCE = 4;

export type Handle = (batch: readonly Delivery[]) => Promise<readonly Settlement[]>;

interface Batch {
  readonly partition: number;
  readonly epoch: string;
  readonly deliveries: readonly Delivery[];
}

interface ConsumerParts {
  readonly session: Session;
  readonly streams: Streams;
  readonly hints: Hints;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Takes batches until it is stopped, whatever goes wrong meanwhile. */
export function startConsumer(parts: ConsumerParts, options: ConsumeOptions, handle: Handle): Consumer {
  const {session, streams, hints, clock} = parts;
  const {stream, group, member, ackWaitMs = 30_000, deliveriesMax = 5, batchMax = 100} = options;
  // A member that was restarted has its old name, but not the claims of its former life: those are given back first.
  const owner = `${member}/${randomUUID()}`;
  const log = withFacts(parts.log, {stream, group});
  const inHand = new Map<number, Promise<void>>();
  const stopping = new AbortController();
  const wake = createWake(clock);
  const endHints = hints.on(stream, wake.wake);
  const done = takeBatches();

  async function takeBatches(): Promise<void> {
    let joined = false;
    while (!stopping.signal.aborted) {
      try {
        if (!joined) await join();
        joined = true;
        const free = PARTITIONS_AT_ONCE - inHand.size;
        for (const batch of free > 0 ? await claim(free) : []) start(batch);
        await wake.wait(POLL_EVERY_MS, stopping.signal);
      } catch (error) {
        if (sqlState(error) === NO_GROUP) joined = false;
        else log.warn({err: error}, 'taking messages from the broker failed; trying again');
        await clock.sleep(AFTER_ERROR_MS, stopping.signal).catch(() => undefined);
      }
    }
  }

  async function join(): Promise<void> {
    await streams.withStream(stream, () => session.query('select broker.join_group($1, $2)', [stream, group]));
    await session.query('select broker.release($1, $2, $3, $4)', [stream, group, member, owner]);
  }

  async function claim(slots: number): Promise<readonly Batch[]> {
    const rows = await session.query<MessageRow & {epoch: string}>(
      `select r_partition as partition, r_epoch as epoch, r_position as position, r_id as id, r_key as key, r_type as type,
         r_data as data, r_headers as headers, r_published_at as published_at, r_deliveries as deliveries
       from broker.claim($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [stream, group, owner, member, ackWaitMs, deliveriesMax, batchMax, slots, [...inHand.keys()]],
    );
    const partitions = [...new Set(rows.map(row => row.partition))];
    return partitions.map(partition => {
      const own = rows.filter(row => row.partition === partition);
      return {partition, epoch: own[0]?.epoch ?? '0', deliveries: own.map(row => toDelivery(stream, row))};
    });
  }

  function start(batch: Batch): void {
    const work = process(batch)
      .catch((error: unknown) =>
        log.warn({err: error, partition: batch.partition}, 'settling a batch failed; it will come again'),
      )
      .finally(() => {
        if (inHand.get(batch.partition) === work) inHand.delete(batch.partition);
        wake.wake();
      });
    inHand.set(batch.partition, work);
  }

  async function process(batch: Batch): Promise<void> {
    const until = clock.monotonic() + ackWaitMs;
    const settlements = await withinAckWait(callHandler(batch.deliveries));
    if (settlements === undefined) {
      log.warn(
        {partition: batch.partition, ids: idsOf(batch)},
        `a batch was not handled within ${ackWaitMs} ms; it will come again`,
      );
      return;
    }
    const outcome = summarize(batch.deliveries, settlements);
    await settle(batch, outcome, until);
    if (outcome.nak !== null) void clock.sleep(outcome.nak.delayMs, stopping.signal).then(wake.wake, () => undefined);
  }

  async function callHandler(deliveries: readonly Delivery[]): Promise<readonly (Settlement | undefined)[]> {
    try {
      const settlements: unknown = await handle(deliveries);
      return Array.isArray(settlements) ? settlements : [];
    } catch (error) {
      log.warn({err: error, id: deliveries[0]?.id}, 'the handler of a batch failed');
      const reason = error instanceof Error ? error.message : String(error);
      // All of it comes again, one by one: nobody knows which message it was.
      return [{settle: 'nak', reason, delayMs: Math.min(5_000, 50 * 2 ** (deliveries[0]?.deliveries ?? 1))}];
    }
  }

  async function withinAckWait<T>(work: Promise<T>): Promise<T | undefined> {
    const timer = new AbortController();
    const expiry = clock.sleep(ackWaitMs, timer.signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      return await Promise.race([work, expiry]);
    } finally {
      timer.abort();
    }
  }

  async function settle(batch: Batch, outcome: BatchOutcome, until: number): Promise<void> {
    for (;;) {
      try {
        const rows = await session.query<{settled: boolean}>(
          'select broker.settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as settled',
          [
            stream,
            group,
            batch.partition,
            owner,
            batch.epoch,
            outcome.doneTo,
            outcome.dead.map(one => one.position),
            outcome.dead.map(one => one.reason),
            outcome.nak?.position ?? null,
            outcome.nak?.delayMs ?? 0,
            outcome.nak?.reason ?? null,
            deliveriesMax,
          ],
        );
        if (rows[0]?.settled !== true)
          log.debug({partition: batch.partition}, 'a batch was settled before, or taken over');
        return;
      } catch (error) {
        if (stopping.signal.aborted || clock.monotonic() + AFTER_ERROR_MS > until) throw error;
        await clock.sleep(AFTER_ERROR_MS, stopping.signal).catch(() => undefined);
      }
    }
  }

  return {
    async stop() {
      stopping.abort();
      endHints();
      await done;
      await Promise.all(inHand.values());
    },
  };
}

function idsOf(batch: Batch): readonly string[] {
  return batch.deliveries.slice(0, 5).map(delivery => delivery.id);
}

function withFacts(log: Logger, facts: object): Logger {
  return {
    debug: (more, message) => log.debug({...facts, ...more}, message),
    info: (more, message) => log.info({...facts, ...more}, message),
    warn: (more, message) => log.warn({...facts, ...more}, message),
    error: (more, message) => log.error({...facts, ...more}, message),
  };
}
