import type {Message} from '../kit/broker.ts';
import {createWake} from '../kit/wake.ts';
import {EVENTS} from './events.ts';
import type {PublisherTools} from './seams/publisher.ts';

/** Own rows wake the relay at once; this poll is for those of other replicas, and for what a crash left. */
const POLL_EVERY_MS = 500;
const AFTER_ERROR_MS = 250;
const BATCH_MAX = 200;
/** After this time another relay that is at work is looked for again. */
const BUSY_WAIT_MS = 50;
const CLEAN_UP_EVERY_MS = 60_000;
const KEEP_PUBLISHED_FOR = '1 hour';
/** The lock's key; it means nothing. */
const LOCK = 7_364_502;

/** Brings rows of the outbox to the broker, in order, until it is stopped. */
export interface OutboxRelay {
  start(): void;
  /** Something was saved: do not wait for the next poll. */
  wake(): void;
  /** Finishes the batch under way. What is left over is for other replicas, or for the next start. */
  stop(): Promise<void>;
}

/**
 * A row is marked only after the broker has confirmed it, so a crash in between has it published twice; the broker keeps one of an id.
 * Rows are found by not being marked, never by a position: a writer that was given a lower one may commit later.
 */
export function createOutboxRelay({database, broker, clock, log}: PublisherTools): OutboxRelay {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const wake = createWake(clock);

  async function run(): Promise<void> {
    let failures = 0;
    let cleanUpAt = clock.monotonic() + CLEAN_UP_EVERY_MS;
    while (!stopping.signal.aborted) {
      try {
        const outcome = await relayBatch();
        if (failures > 0) log.info({failures}, 'the relay of the outbox works again');
        failures = 0;
        if (clock.monotonic() >= cleanUpAt) {
          await cleanUp();
          cleanUpAt = clock.monotonic() + CLEAN_UP_EVERY_MS;
        }
        if (outcome !== 'more') await wake.wait(outcome === 'busy' ? BUSY_WAIT_MS : POLL_EVERY_MS, stopping.signal);
      } catch (error) {
        failures += 1;
        if (failures === 1) log.warn({err: error}, 'the relay of the outbox failed; it tries again until it works');
        await clock.sleep(AFTER_ERROR_MS, stopping.signal).catch(() => undefined);
      }
    }
  }

  async function relayBatch(): Promise<'idle' | 'busy' | 'more'> {
    // A look outside a transaction: an idle relay commits nothing.
    const [look] = await database.query<{waiting: boolean}>(
      'select exists (select from outbox where published_at is null) as waiting',
    );
    if (look?.waiting !== true) return 'idle';
    return database.transaction(async transaction => {
      // One relay at a time spares the broker the work of refusing duplicates. Nothing but that depends on it: when the database gives up
      // on a silent holder, the next one publishes the same rows, in the same order.
      const [lock] = await transaction.query<{locked: boolean}>('select pg_try_advisory_xact_lock($1) as locked', [
        LOCK,
      ]);
      if (lock?.locked !== true) return 'busy';
      const rows = await transaction.query<OutboxRow>(
        'select position, id, key, type, data, headers from outbox where published_at is null order by position limit $1',
        [BATCH_MAX],
      );
      if (rows.length === 0) return 'idle';
      await broker.publish(EVENTS, rows.map(toMessage));
      await transaction.query('update outbox set published_at = now() where position = any ($1)', [
        rows.map(row => row.position),
      ]);
      return 'more';
    });
  }

  async function cleanUp(): Promise<void> {
    await database.query(
      `delete from outbox where position in (
         select position from outbox where published_at < now() - interval '${KEEP_PUBLISHED_FOR}' order by published_at limit 5000)`,
    );
  }

  return {
    start() {
      running ??= run();
    },
    wake: wake.wake,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

interface OutboxRow extends Readonly<Record<string, unknown>> {
  /** A bigint, which pg gives as text. */
  readonly position: string;
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly data: unknown;
  readonly headers: Record<string, string> | null;
}

function toMessage({id, key, type, data, headers}: OutboxRow): Message {
  return {id, key, type, data, ...(headers === null ? {} : {headers})};
}
