import type {Claim, ConsumeOptions, Consumer, Delivery, Settlement} from '../broker.ts';
import type {Clock} from '../clock.ts';
import type {Logger} from '../logger.ts';
import {createWake} from '../wake.ts';
import {createHold, type Hold} from './hold.ts';
import {type BatchOutcome, summarize} from './settlements.ts';

/** The hint may get lost; this poll may not. */
const POLL_EVERY_MS = 500;
const AFTER_ERROR_MS = 250;

export type Handle = (batch: readonly Delivery[], claim: Claim) => Promise<readonly Settlement[]>;

/** Messages of one partition that were claimed together. */
export interface Batch {
  readonly partition: number;
  readonly deliveries: readonly Delivery[];
}

/** How one member of a group takes hold of partitions and lets go of them: what the brokers differ in. */
export interface Claims<B extends Batch> {
  /** Makes the member one of its group, and gives back what a former life of it holds. */
  join(): Promise<void>;
  /**
   * Takes up to `slots` partitions that have something to deliver. `busy` are those that this member has in hand; one that is its own
   * and not in hand was claimed by a call whose answer got lost, or was not settled in time.
   */
  claim(slots: number, busy: readonly number[]): Promise<readonly B[]>;
  /** The same batch, whose ack wait begins anew; undefined when the claim is no longer the caller's. */
  extend(batch: B): Promise<B | undefined>;
  /** False when the claim is no longer the caller's. */
  settle(batch: B, outcome: BatchOutcome): Promise<boolean>;
  /** Whether an error means that the broker does not know the group any more: it is joined again. */
  isGone(error: unknown): boolean;
  /** Calls `wake` when something may have been published, as far as that can be known; returns what ends that. */
  onHint(wake: () => void): () => void;
}

/** Takes batches until it is stopped, whatever goes wrong meanwhile. */
export function startConsumer<B extends Batch>(
  parts: {readonly claims: Claims<B>; readonly clock: Clock; readonly log: Logger},
  options: Required<ConsumeOptions>,
  handle: Handle,
): Consumer {
  const {claims, clock} = parts;
  const {stream, group, ackWaitMs, concurrency, heartbeatMs} = options;
  const log = withFacts(parts.log, {stream, group});
  const inHand = new Map<number, Promise<void>>();
  const stopping = new AbortController();
  const wake = createWake(clock);
  const endHints = claims.onHint(wake.wake);
  const done = takeBatches();

  async function takeBatches(): Promise<void> {
    let joined = false;
    while (!stopping.signal.aborted) {
      try {
        if (!joined) await claims.join();
        joined = true;
        const free = concurrency - inHand.size;
        for (const batch of free > 0 ? await claims.claim(free, [...inHand.keys()]) : []) start(batch);
        await wake.wait(POLL_EVERY_MS, stopping.signal);
      } catch (error) {
        if (claims.isGone(error)) joined = false;
        else log.warn({err: error}, 'taking messages from the broker failed; trying again');
        await clock.sleep(AFTER_ERROR_MS, stopping.signal).catch(() => undefined);
      }
    }
  }

  function start(batch: B): void {
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

  async function process(batch: B): Promise<void> {
    const hold = createHold({claims, clock, ackWaitMs, heartbeatMs}, batch);
    const settlements = await hold.within(callHandler(batch.deliveries, hold));
    if (settlements === undefined) {
      log.warn(
        {partition: batch.partition, ids: idsOf(batch)},
        `a batch was not handled within ${ackWaitMs} ms; it will come again`,
      );
      return;
    }
    const outcome = summarize(batch.deliveries, settlements);
    await settle(hold, outcome);
    if (outcome.nak !== null) void clock.sleep(outcome.nak.delayMs, stopping.signal).then(wake.wake, () => undefined);
  }

  async function callHandler(
    deliveries: readonly Delivery[],
    claim: Claim,
  ): Promise<readonly (Settlement | undefined)[]> {
    try {
      const settlements: unknown = await handle(deliveries, {extend: claim.extend});
      return Array.isArray(settlements) ? settlements : [];
    } catch (error) {
      log.warn({err: error, id: deliveries[0]?.id}, 'the handler of a batch failed');
      const reason = error instanceof Error ? error.message : String(error);
      // All of it comes again, one by one: nobody knows which message it was.
      return [{settle: 'nak', reason, delayMs: Math.min(5_000, 50 * 2 ** (deliveries[0]?.deliveries ?? 1))}];
    }
  }

  async function settle(hold: Hold<B>, outcome: BatchOutcome): Promise<void> {
    const batch = await hold.end();
    for (;;) {
      try {
        if (!(await claims.settle(batch, outcome)))
          log.debug({partition: batch.partition}, 'a batch was settled before, or taken over');
        return;
      } catch (error) {
        if (stopping.signal.aborted || clock.monotonic() + AFTER_ERROR_MS > hold.until()) throw error;
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

/** The options with what holds where one is left out. */
export function withDefaults(options: ConsumeOptions): Required<ConsumeOptions> {
  const {ackWaitMs = 30_000, deliveriesMax = 5, batchMax = 100, concurrency = 4, heartbeatMs = 0} = options;
  return {...options, ackWaitMs, deliveriesMax, batchMax, concurrency, heartbeatMs};
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
