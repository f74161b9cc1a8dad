import {jsonObject} from '../../src/labs/accounts.ts';
import type {Evidence, LabTools} from '../../src/labs/lab.ts';
import {type Rebuild, rebuildActivity} from '../../src/labs/rebuild.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {type Cast, caughtUp} from './cast.ts';
import {consult, countBySecond, type LoggedEvent, type Oracle} from './oracle.ts';

/** What stream has made of the events. */
export interface Made {
  /** Start of a second, unix ms, to the events counted in it. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Ids of the late ones. */
  readonly late: readonly string[];
}

export interface Final {
  readonly log: readonly LoggedEvent[];
  readonly made: Made;
  readonly rebuild: Rebuild;
  readonly again: Made;
}

export type Seen = Evidence<Cast, Final>;

const CAUGHT_UP_WITHIN_MS = 8_000;
const REBUILT_WITHIN_MS = 8_000;

export async function readFinal(tools: LabTools): Promise<Final> {
  await caughtUp(tools, CAUGHT_UP_WITHIN_MS);
  const before = await readBefore(tools);
  const rebuild = await rebuildActivity(tools, REBUILT_WITHIN_MS);
  return {...before, rebuild, again: await readMade(tools)};
}

/** What is there once all was read, without a replay. @throws when stream does not get there in time: half of it would be wrong. */
export async function readCaughtUp(tools: LabTools): Promise<Final> {
  if (!(await caughtUp(tools, CAUGHT_UP_WITHIN_MS))) throw new Error('stream has not read all events');
  return {
    ...(await readBefore(tools)),
    rebuild: {state: 'unfinished', reason: null, events: 0},
    again: {seconds: {}, late: []},
  };
}

async function readBefore(tools: LabTools): Promise<Pick<Final, 'log' | 'made'>> {
  const log = await (await tools.broker()).read('activity');
  return {
    log: log.map(({id, partition, position, publishedAt, data}) => ({
      id,
      partition,
      position,
      publishedAt,
      at: Date.parse((data as {readonly at: string}).at),
    })),
    made: await readMade(tools),
  };
}

async function readMade(tools: LabTools): Promise<Made> {
  const [seconds, late] = await Promise.all([
    tools.sql<{second: number; count: number}>(
      'stream-db',
      'select extract(epoch from start)::float8 * 1000 as second, count::float8 as count from windows',
    ),
    tools.sql<{event_id: string}>('stream-db', 'select event_id from late_activity'),
  ]);
  return {
    seconds: Object.fromEntries(seconds.map(({second, count}) => [String(second), count])),
    late: late.map(({event_id: id}) => id),
  };
}

/** What should have become of each event. */
export function oracleOf({final, times}: Seen): Oracle {
  const {log} = final;
  const first = log.reduce((least, {position}) => Math.min(least, position), Number.POSITIVE_INFINITY);
  const {recoveredAt} = times;
  const read = log.filter(({publishedAt}) => recoveredAt !== null && publishedAt <= recoveredAt);
  const barrier = read.reduce((most, {position}) => Math.max(most, position), first);
  return consult(log, recoveredAt === null ? [first] : [first, barrier]);
}

/** Seconds whose count is not that of the events that happened in them and are not among the late ones. */
export function wrongSeconds(
  log: readonly LoggedEvent[],
  {seconds, late}: Made,
): readonly {readonly second: number; readonly happened: number; readonly counted: number}[] {
  const apart = new Set(late);
  const happened = countBySecond(log.filter(({id}) => !apart.has(id)));
  const all = new Set([...happened.keys(), ...Object.keys(seconds).map(Number)]);
  return [...all]
    .map(second => ({second, happened: happened.get(second) ?? 0, counted: seconds[String(second)] ?? 0}))
    .filter(one => one.happened !== one.counted)
    .toSorted((a, b) => Math.abs(b.counted - b.happened) - Math.abs(a.counted - a.happened));
}

/** A window as somebody saw it who looked. */
export interface SeenWindow {
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly state: string;
}

export interface Look {
  /** When the answer came, unix ms. */
  readonly at: number;
  readonly clock: number | null;
  readonly windows: readonly SeenWindow[];
}

/** What those saw who looked at the windows, in order. */
export function looksOf(entries: readonly LedgerEntry[]): readonly Look[] {
  return entries
    .filter(({name, outcome}) => name === 'look' && outcome === 'ok')
    .flatMap(({sends}) => {
      const send = sends.find(({status}) => status === 200);
      const body = jsonObject(send?.body);
      if (send === undefined || body === undefined || !Array.isArray(body.windows)) return [];
      const windows = (body.windows as {start: string; end: string; count: number; state: string}[]).map(one => ({
        ...one,
        start: Date.parse(one.start),
        end: Date.parse(one.end),
      }));
      const clock = typeof body.clock === 'string' ? Date.parse(body.clock) : null;
      return [{at: send.at + send.durationMs, clock, windows}];
    })
    .toSorted((a, b) => a.at - b.at);
}

/** `10:31:07.120`. */
export function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}
