import type {Broker} from '../kit/broker.ts';
import type {Database} from '../kit/database.ts';
import type {Kit} from '../kit/service.ts';
import {activityLag} from './activity-partitions.ts';
import {decodeCursor, encodeCursor} from './cursor.ts';
import {activityOf} from './project-activity.ts';
import type {ActivityItem, PageQuery, ReadModelTools} from './seams/projection.ts';
import {ACTIVITY} from './streams.ts';

/** Events that one look at the write side reads, at most; more than that wait only when nothing is projected any more. */
const WAITING_MAX = 5_000;
/** Questions that come within this time go together, ms. */
const TOGETHER_MS = 4;

/** What reads of activity work with. */
export function createReadModelTools(
  {clock, database, log}: Pick<Kit, 'clock' | 'database' | 'log'>,
  broker: Pick<Broker, 'read' | 'lag'>,
): ReadModelTools {
  return {
    projection: {
      page: query => readPage(database, query),
      has: createQuestions(database, () => clock.sleep(TOGETHER_MS)),
    },
    writeSide: {
      async waiting(account) {
        await database.query(
          `insert into write_side_reads as present (hour, reads) values (date_trunc('hour', now()), 1)
           on conflict (hour) do update set reads = present.reads + 1`,
        );
        return readWaiting(broker, account);
      },
    },
    clock,
    log,
  };
}

interface PageRow extends Readonly<Record<string, unknown>> {
  readonly event_id: string;
  readonly id: string;
  readonly kind: string;
  readonly at: Date;
}

/** The page and how far it reaches are of one moment: one statement. */
async function readPage(database: Pick<Database, 'query'>, {account, limit, cursor}: PageQuery) {
  const after = cursor === null ? undefined : decodeCursor(cursor);
  const found = await database.query<PageRow & {up_to: string}>(
    `select a.*, (select id from activity where account = $1 order by position desc limit 1) as up_to from activity a
     where account = $1 and ($2::timestamptz is null or (at, event_id) < ($2, $3)) order by at desc, event_id desc limit $4`,
    [account, after?.at ?? null, after?.eventId ?? null, limit + 1],
  );
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const isMore = found.length > limit && last !== undefined;
  return {
    items: rows.map(({id, kind, at}): ActivityItem => ({id, kind, at: at.toISOString()})),
    next: isMore ? encodeCursor({at: last.at.toISOString(), eventId: last.event_id}) : null,
    upTo: found[0]?.up_to ?? null,
  };
}

/** Answers questions for single events, of which many come at once, with a statement for all that have come meanwhile. */
function createQuestions(
  database: Pick<Database, 'query'>,
  pause: () => Promise<void>,
): (account: string, id: string) => Promise<boolean> {
  let asked: {readonly eventIds: Set<string>; readonly found: Promise<ReadonlySet<string>>} | undefined;

  async function ask(eventIds: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    await pause();
    asked = undefined;
    const rows = await database.query<{event_id: string}>(
      'select event_id from activity where event_id = any ($1::text[])',
      [[...eventIds]],
    );
    return new Set(rows.map(row => row.event_id));
  }

  return async (account, id) => {
    const eventId = `${account}/${id}`;
    if (asked === undefined) {
      const eventIds = new Set<string>();
      asked = {eventIds, found: ask(eventIds)};
    }
    asked.eventIds.add(eventId);
    return (await asked.found).has(eventId);
  };
}

async function readWaiting(broker: Pick<Broker, 'read' | 'lag'>, account: string): Promise<readonly ActivityItem[]> {
  const lag = await activityLag(broker);
  const newest = Math.max(0, ...lag.map(({position}) => position));
  // Positions grow over all partitions: what comes to one that has nothing waiting lies behind all that anybody has worked off.
  const after = Object.fromEntries(lag.map(one => [one.partition, one.lag === 0 ? newest : one.position]));
  const waiting = await broker.read(ACTIVITY, {after, limit: WAITING_MAX});
  return waiting.flatMap(message => {
    const data = activityOf(message);
    return data?.account === account ? [{id: data.id, kind: data.kind, at: data.at}] : [];
  });
}
