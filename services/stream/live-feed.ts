import type {Kit} from '../kit/service.ts';
import {createWake} from '../kit/wake.ts';

/** An event of the account, as its readers get it. Positions of one account only grow. */
export interface LiveEvent {
  readonly position: number;
  readonly id: string;
  readonly kind: string;
  readonly at: string;
}

/** Somebody who reads along. */
export interface Reader {
  readonly account: string;
  /** What it has: everything up to this position. */
  after: number;
  /** Sends an event. False when no more can be taken at the moment; the reader wakes the feed when it can again. */
  send(event: LiveEvent): boolean;
  /** Shows that the connection is alive. */
  beat(): boolean;
  /** Ends it. Whoever reads can come back and go on from where it was. */
  cut(reason: string): void;
}

export interface LiveFeed {
  /** From now on the reader gets what comes; returns what ends that. */
  add(reader: Reader): {readonly remove: () => void; readonly drained: () => void};
  readonly size: number;
  /** Something may have come. */
  wake(): void;
  run(signal: AbortSignal): Promise<void>;
}

interface Place {
  readonly reader: Reader;
  sentAt: number;
  /** Since when it has taken nothing, on the monotonic clock. */
  blockedSince: number | null;
}

/** Other replicas project, too, and their hints do not reach this one. */
const LOOK_EVERY_MS = 500;
const AFTER_ERROR_MS = 250;
export const BEAT_EVERY_MS = 5_000;
/** A reader that takes nothing for so long is cut. */
export const BLOCKED_MAX_MS = 10_000;
const READERS_AT_ONCE = 50;
const EVENTS_EACH = 100;

/**
 * Reads for all readers from what is projected. Nothing is kept for those that are slow: an event is read again when its reader can take it, so
 * that memory is bounded by what one look reads, however far anybody is behind.
 */
export function createLiveFeed({clock, database, log}: Pick<Kit, 'clock' | 'database' | 'log'>): LiveFeed {
  const places = new Set<Place>();
  const wake = createWake(clock);

  async function look(): Promise<void> {
    const ready = [...places].filter(({blockedSince}) => blockedSince === null);
    for (let from = 0; from < ready.length; from += READERS_AT_ONCE)
      await lookFor(ready.slice(from, from + READERS_AT_ONCE));
  }

  async function lookFor(some: readonly Place[]): Promise<void> {
    const rows = await database.query<{n: string; position: string; id: string; kind: string; at: Date}>(
      `select r.n, a.* from unnest($1::text[], $2::bigint[]) with ordinality as r (account, after, n)
       cross join lateral (
         select position, id, kind, at from activity where account = r.account and position > r.after
         order by position limit ${EVENTS_EACH}
       ) a order by r.n, a.position`,
      [some.map(({reader}) => reader.account), some.map(({reader}) => reader.after)],
    );
    const counts = new Map<Place, number>();
    for (const {n, position, id, kind, at} of rows) {
      const place = some[Number(n) - 1];
      if (place === undefined || !places.has(place) || place.blockedSince !== null) continue;
      const count = (counts.get(place) ?? 0) + 1;
      counts.set(place, count);
      // Sent is what the connection has taken, also when it can take no more after it.
      place.reader.after = Number(position);
      note(place, place.reader.send({position: Number(position), id, kind, at: at.toISOString()}));
      if (count === EVENTS_EACH) wake.wake();
    }
  }

  function note(place: Place, canTakeMore: boolean): void {
    place.sentAt = clock.monotonic();
    place.blockedSince = canTakeMore ? null : clock.monotonic();
  }

  function careFor(place: Place): void {
    const now = clock.monotonic();
    if (place.blockedSince !== null) {
      if (now - place.blockedSince < BLOCKED_MAX_MS) return;
      places.delete(place);
      place.reader.cut(`it took nothing for ${BLOCKED_MAX_MS} ms`);
    } else if (now - place.sentAt >= BEAT_EVERY_MS) note(place, place.reader.beat());
  }

  return {
    get size() {
      return places.size;
    },
    wake: () => wake.wake(),
    add(reader) {
      const place: Place = {reader, sentAt: clock.monotonic(), blockedSince: null};
      places.add(place);
      wake.wake();
      return {
        remove: () => void places.delete(place),
        drained() {
          place.blockedSince = null;
          wake.wake();
        },
      };
    },
    async run(signal) {
      while (!signal.aborted) {
        try {
          if (places.size > 0) await look();
        } catch (error) {
          log.debug({err: error}, 'nothing can be read for live readers at the moment');
          await clock.sleep(AFTER_ERROR_MS, signal).catch(() => undefined);
        }
        for (const place of places) careFor(place);
        await wake.wait(LOOK_EVERY_MS, signal);
      }
      for (const {reader} of places) reader.cut('the service is draining');
      places.clear();
    },
  };
}
