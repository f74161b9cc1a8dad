import type {Broker, Delivery, GroupLag} from '../broker.ts';
import {type MessageRow, toDelivery} from './deliveries.ts';
import type {Session} from './session.ts';

/** Messages read with one statement. */
const PAGE = 2_000;

/** Reads page by page, so that a long stream does not exceed the time of a statement. */
export async function readStream(
  session: Session,
  stream: string,
  {after = {}, limit = Number.POSITIVE_INFINITY}: NonNullable<Parameters<Broker['read']>[1]> = {},
): Promise<readonly Delivery[]> {
  const found: Delivery[] = [];
  // What lies before the least of the positions is not even looked at.
  let from = await leastPosition(session, stream, after);
  while (found.length < limit) {
    const count = Math.min(PAGE, limit - found.length);
    const rows = await session.query<MessageRow>(
      `select partition, position, id, key, type, data, headers, published_at, 1 as deliveries from broker.messages
       where stream = $1 and position > $2 and only_group is null and position > coalesce(($3::json ->> partition::text)::bigint, 0)
       order by position limit $4`,
      [stream, from, JSON.stringify(after), count],
    );
    found.push(...rows.map(row => toDelivery(stream, row)));
    from = found.at(-1)?.position ?? from;
    if (rows.length < count) break;
  }
  return found;
}

/** Partitions that are not named are read from the beginning. */
async function leastPosition(
  session: Session,
  stream: string,
  after: Readonly<Record<number, number>>,
): Promise<number> {
  if (Object.keys(after).length === 0) return 0;
  const [row] = await session.query<{partitions: number}>('select partitions from broker.streams where name = $1', [
    stream,
  ]);
  const partitions = Array.from({length: row?.partitions ?? 0}, (_, partition) => after[partition] ?? 0);
  return partitions.length === 0 ? 0 : Math.min(...partitions);
}

export async function readLag(session: Session, stream: string): Promise<readonly GroupLag[]> {
  const rows = await session.query<{
    consumers: string;
    partition: number;
    position: string;
    lag: string;
    member: string | null;
  }>(
    `select p.consumers, p.partition, p.position, case when p.until > clock_timestamp() then p.member end as member,
       (select count(*) from broker.messages m where m.stream = p.stream and m.partition = p.partition and m.position > p.position
         and (m.only_group is null or m.only_group = p.consumers)) as lag
     from broker.progress p where p.stream = $1 order by p.consumers, p.partition`,
    [stream],
  );
  return rows.map(({consumers, partition, position, lag, member}) => ({
    stream,
    group: consumers,
    partition,
    position: Number(position),
    lag: Number(lag),
    member,
  }));
}
