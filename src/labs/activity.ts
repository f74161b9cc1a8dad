import type {Delivery} from '../../services/kit/broker.ts';
import type {Operation} from '../load/load.ts';
import type {SignedIn} from './accounts.ts';
import type {LabTools} from './lab.ts';

/** The stream of what accounts report, and the group of the service's own handler. */
export const ACTIVITY = 'activity';
export const GROUP = 'stream';
const DATABASE = 'stream-db';

/** What an account reports, as `POST /v1/activity` takes it. */
export interface Event {
  readonly id: string;
  readonly kind: string;
  readonly at?: string;
}

/** One report of an account. */
export function report(
  {token}: SignedIn,
  events: readonly Event[],
  where: {readonly id: string; readonly name: string; readonly atMs: number; readonly patienceMs?: number},
): Operation {
  const {patienceMs = 5_000, ...rest} = where;
  return {
    ...rest,
    patienceMs,
    request: {
      method: 'POST',
      path: '/v1/activity',
      headers: {'content-type': 'application/json', authorization: `Bearer ${token}`},
      body: JSON.stringify({events}),
    },
  };
}

/** Something that took effect, once for each time that it did; in the order in which it did. */
export interface Effect {
  readonly message: string;
  readonly key: string;
  readonly partition: number;
  readonly position: number;
  readonly deliveries: number;
  readonly node: string;
  /** Unix ms. */
  readonly at: number;
  /** Whether the position in its partition moved to it, or past it, in the same transaction. */
  readonly withPosition: boolean;
}

/** What took effect in stream's database, and how often its rows were changed afterwards: a row of `effects` stays as it is. */
export interface Effects {
  readonly effects: readonly Effect[];
  readonly rewritten: number;
}

/** What the database has counted for `effects` so far; of earlier runs as well. */
export async function rewrites(tools: LabTools): Promise<number> {
  const [row] = await tools.sql<{n: string}>(
    DATABASE,
    `select (pg_stat_get_tuples_deleted('effects'::regclass) + pg_stat_get_tuples_updated('effects'::regclass)
       + case when (select count(*) from pg_trigger where tgname = 'effects_stay' and tgenabled = 'O') = 2 then 0 else 1000000 end) as n`,
  );
  return Number(row?.n ?? 0);
}

/** `rewritesBefore`: what {@link rewrites} said when the run was set up. */
export async function readEffects(tools: LabTools, rewritesBefore: number): Promise<Effects> {
  const rows = await tools.sql<{
    message_id: string;
    key: string;
    partition: number;
    position: string;
    deliveries: number;
    node: string;
    at: Date;
    with_position: boolean;
  }>(
    DATABASE,
    `select message_id, key, partition, position, deliveries, node, at, exists (
       select from position_moves m
       where m.transaction = e.transaction and m.stream = '${ACTIVITY}' and m.partition = e.partition and m.position >= e.position
     ) as with_position from effects e order by seq`,
  );
  return {
    effects: rows.map(row => ({
      message: row.message_id,
      key: row.key,
      partition: row.partition,
      position: Number(row.position),
      deliveries: row.deliveries,
      node: row.node,
      at: row.at.getTime(),
      withPosition: row.with_position,
    })),
    rewritten: (await rewrites(tools)) - rewritesBefore,
  };
}

/** What the stream holds, in order of publication: what should take effect. */
export async function published(tools: LabTools): Promise<readonly Delivery[]> {
  const broker = await tools.broker();
  return broker.read(ACTIVITY);
}

/** How far the group is in each partition: what lies up to there is settled. Ask before the effects of it are read. */
export async function settledTo(tools: LabTools): Promise<Readonly<Record<number, number>>> {
  const lag = await (await tools.broker()).lag(ACTIVITY);
  const own = lag.filter(({group}) => group === GROUP);
  return Object.fromEntries(own.map(({partition, position}) => [partition, position]));
}

/** Messages that the group has not settled; undefined while the broker knows nothing of the group. */
export async function lagOf(tools: LabTools): Promise<number | undefined> {
  const broker = await tools.broker();
  const own = (await broker.lag(ACTIVITY)).filter(({group}) => group === GROUP);
  return own.length === 0 ? undefined : own.reduce((sum, {lag}) => sum + lag, 0);
}
