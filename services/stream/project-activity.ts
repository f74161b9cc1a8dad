import type {Delivery} from '../kit/broker.ts';
import type {Projection} from './consume-projected.ts';

/** The data of a message of the stream `activity`. */
export interface ActivityData {
  readonly id: string;
  readonly account: string;
  readonly kind: string;
  /** ISO 8601: when it happened, says whoever reported it. */
  readonly at: string;
}

/** Keeps each event of an account and counts it in the second in which it happened, once. */
export const projectActivity: Projection = {
  malformed: message =>
    activityOf(message) === undefined ? 'activity needs the texts `id`, `account`, `kind` and a time `at`' : undefined,
  async apply(transaction, messages) {
    const rows = messages.flatMap(message => activityOf(message) ?? []);
    // Seconds are counted in order of time, so that two partitions that count in the same ones cannot wait for each other in a circle.
    await transaction.query(
      `with fresh as (
         insert into activity (event_id, id, account, kind, at)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
         on conflict (event_id) do nothing
         returning at
       )
       insert into windows (start, count)
       select date_trunc('second', at) as start, count(*) from fresh group by 1 order by 1
       on conflict (start) do update set count = windows.count + excluded.count`,
      [
        messages.map(message => message.id),
        rows.map(row => row.id),
        rows.map(row => row.account),
        rows.map(row => row.kind),
        rows.map(row => row.at),
      ],
    );
  },
};

function activityOf({data}: Delivery): ActivityData | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const {id, account, kind, at} = data as Partial<Record<keyof ActivityData, unknown>>;
  if (typeof id !== 'string' || typeof account !== 'string' || typeof kind !== 'string' || typeof at !== 'string')
    return undefined;
  if (`${id}${account}${kind}`.includes('\0')) return undefined;
  const time = Date.parse(at);
  return Number.isNaN(time) ? undefined : {id, account, kind, at: new Date(time).toISOString()};
}
