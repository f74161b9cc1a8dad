import type {Delivery} from '../kit/broker.ts';
import type {Clock} from '../kit/clock.ts';
import type {Queryable} from '../kit/database.ts';
import type {ActivityPartitions} from './activity-partitions.ts';
import type {Projection} from './consume-projected.ts';
import {type Counted, countEvents} from './count-events.ts';
import {lockState, saveState, type Tables} from './event-clock-store.ts';
import type {TimedEvent, Windows} from './seams/window.ts';

/** The data of a message of the stream `activity`. */
export interface ActivityData {
  readonly id: string;
  readonly account: string;
  readonly kind: string;
  /** ISO 8601: when it happened, says whoever reported it. */
  readonly at: string;
}

interface ActivityEvent extends TimedEvent {
  readonly eventId: string;
  readonly position: number;
  readonly data: ActivityData;
}

export interface ActivityProjectionParts {
  readonly windows: Windows<unknown>;
  readonly partitions: ActivityPartitions;
  readonly clock: Pick<Clock, 'now'>;
}

/** Keeps each event of an account and counts it in the second in which it happened, once; one that is late is put aside instead. */
export function createActivityProjection({windows, partitions, clock}: ActivityProjectionParts): Projection {
  return {
    tables: ['activity', 'windows', 'late_activity', 'event_clock'],
    malformed: message =>
      activityOf(message) === undefined
        ? 'activity needs the texts `id`, `account`, `kind` and a time `at`'
        : undefined,
    async apply(transaction, messages, tables, replayed) {
      // Before anything is written: batches of two partitions would else wait for each other's seconds in a circle.
      const locked = await lockState(transaction, tables);
      const arrivedAt = clock.now();
      const fresh = await keepNew(
        transaction,
        tables,
        messages.flatMap(message => toEvent(message, arrivedAt)),
      );
      if (fresh.length === 0) return;
      const before = locked ?? windows.begin(await partitions());
      const counted = countEvents(windows, before, fresh, replayed);
      await keepCounts(transaction, tables, counted);
      const {state, late} = counted;
      await saveState(transaction, tables, {state, clock: windows.clock(state), late: late.length});
    },
  };
}

/** Keeps events, and returns those that were not there: an id is known for ever. */
async function keepNew(
  transaction: Queryable,
  tables: Tables,
  events: readonly ActivityEvent[],
): Promise<readonly ActivityEvent[]> {
  const inserted = await transaction.query<{event_id: string}>(
    `insert into ${tables}activity (event_id, id, account, kind, at, position)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[])
     on conflict (event_id) do nothing returning event_id`,
    [
      events.map(({eventId}) => eventId),
      events.map(({data}) => data.id),
      events.map(({data}) => data.account),
      events.map(({data}) => data.kind),
      events.map(({data}) => data.at),
      events.map(({position}) => position),
    ],
  );
  const ids = new Set(inserted.map(row => row.event_id));
  // The first of two with the same id is the one that was kept.
  return events.filter(({eventId}) => ids.delete(eventId));
}

async function keepCounts(
  transaction: Queryable,
  tables: Tables,
  {panes, late}: Counted<ActivityEvent>,
): Promise<void> {
  if (panes.size > 0) {
    await transaction.query(
      `insert into ${tables}windows as present (start, count)
       select to_timestamp(start / 1000.0), count from unnest($1::bigint[], $2::bigint[]) as pane (start, count)
       on conflict (start) do update set count = present.count + excluded.count`,
      [[...panes.keys()], [...panes.values()]],
    );
  }
  if (late.length > 0) {
    await transaction.query(
      `insert into ${tables}late_activity (event_id, id, account, kind, at, clock)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
       on conflict (event_id) do nothing`,
      [
        late.map(({event}) => event.eventId),
        late.map(({event}) => event.data.id),
        late.map(({event}) => event.data.account),
        late.map(({event}) => event.data.kind),
        late.map(({event}) => event.data.at),
        late.map(({clock}) => (clock === null ? null : new Date(clock).toISOString())),
      ],
    );
  }
}

function toEvent(message: Delivery, arrivedAt: number): readonly ActivityEvent[] {
  const data = activityOf(message);
  if (data === undefined) return [];
  const {id: eventId, partition, position, publishedAt} = message;
  return [{eventId, partition, position, publishedAt, arrivedAt, at: Date.parse(data.at), data}];
}

/** What a message tells of activity; undefined where it does not. */
export function activityOf({data}: Delivery): ActivityData | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const {id, account, kind, at} = data as Partial<Record<keyof ActivityData, unknown>>;
  if (typeof id !== 'string' || typeof account !== 'string' || typeof kind !== 'string' || typeof at !== 'string')
    return undefined;
  if (`${id}${account}${kind}`.includes('\0')) return undefined;
  const time = Date.parse(at);
  return Number.isNaN(time) ? undefined : {id, account, kind, at: new Date(time).toISOString()};
}
