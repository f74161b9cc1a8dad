import type {Queryable} from '../kit/database.ts';
import type {EventClock} from './event-clock.ts';

/** Which tables a projection writes: those that are read, or those that are being rebuilt beside them. */
export type Tables = '' | 'rebuild.';

const SELECT = (tables: Tables): string =>
  `select c.clock_ms::float8 as clock, c.complete, c.late::float8 as late, (
     select coalesce(json_agg(json_build_array(p.partition, json_build_object(
       'watermark', p.watermark_ms, 'seenAt', p.seen_at_ms, 'idle', p.idle))), '[]') from ${tables}partition_clocks p
   ) as partitions from ${tables}event_clock c`;

interface ClockRow extends Readonly<Record<string, unknown>> {
  readonly clock: number | null;
  readonly complete: boolean;
  readonly late: number;
  readonly partitions: [number, {watermark: number | null; seenAt: number; idle: boolean}][];
}

/** The clock as it is stored, and how many events were late so far. */
export async function readClock(database: Queryable): Promise<EventClock & {readonly late: number}> {
  const [row] = await database.query<ClockRow>(SELECT(''));
  return row === undefined ? {clock: null, complete: false, partitions: new Map(), late: 0} : toClock(row);
}

/** The clock, which nobody else can move until the transaction ends. */
export async function lockClock(transaction: Queryable, tables: Tables): Promise<EventClock> {
  // The row is locked by the first statement and read by the second, which sees what the one that had the lock before has written.
  await transaction.query(
    `insert into ${tables}event_clock (is_only) values (true) on conflict (is_only) do update set is_only = true`,
  );
  const [row] = await transaction.query<ClockRow>(SELECT(tables));
  if (row === undefined) throw new Error('The event clock is gone although it is locked.');
  return toClock(row);
}

/** Stores the clock, with `late` further events that came too late. */
export async function saveClock(transaction: Queryable, tables: Tables, clock: EventClock, late = 0): Promise<void> {
  const partitions = [...clock.partitions];
  await transaction.query(
    `with clock as (update ${tables}event_clock set clock_ms = $1, complete = $2, late = late + $3)
     insert into ${tables}partition_clocks as present (partition, watermark_ms, seen_at_ms, idle)
     select * from unnest($4::int[], $5::bigint[], $6::bigint[], $7::boolean[])
     on conflict (partition) do update
     set watermark_ms = excluded.watermark_ms, seen_at_ms = excluded.seen_at_ms, idle = excluded.idle
     where (present.watermark_ms, present.seen_at_ms, present.idle)
       is distinct from (excluded.watermark_ms, excluded.seen_at_ms, excluded.idle)`,
    [
      clock.clock,
      clock.complete,
      late,
      partitions.map(([partition]) => partition),
      partitions.map(([, {watermark}]) => watermark),
      partitions.map(([, {seenAt}]) => seenAt),
      partitions.map(([, {idle}]) => idle),
    ],
  );
}

function toClock({clock, complete, late, partitions}: ClockRow): EventClock & {readonly late: number} {
  return {clock, complete, late, partitions: new Map(partitions)};
}
