import {Type} from 'typebox';
import type {Database} from '../kit/database.ts';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {TERMS, windowState} from './event-clock.ts';
import {readClock} from './event-clock-store.ts';

const LIMIT_DEFAULT = 30;
const LIMIT_MAX = 100;
const SIZE_MAX_SECONDS = 86_400;
/** Panes that one answer may add up, at most: so many windows of so many seconds. */
const WINDOWS_PER_PANE_MAX = 3_600;
const SECONDS = {s: 1, m: 60, h: 3_600} as const;
const LENGTH = '^[1-9]\\d{0,5}[smh]$';

const Time = Type.String({format: 'date-time'});
const State = Type.Union([Type.Literal('open'), Type.Literal('closed'), Type.Literal('final')]);
const Window = Type.Object({start: Time, end: Time, count: Type.Integer(), state: State});
const Windows = Type.Object({
  size: Type.String(),
  every: Type.String(),
  windows: Type.Array(Window),
  clock: Type.Union([Time, Type.Null()], {description: 'Event time up to which the stream is complete'}),
  late: Type.Integer({description: 'Events that came too late to be counted'}),
  next: Type.Union([Type.String(), Type.Null()]),
});
const Query = Type.Object({
  size: Type.String({pattern: LENGTH, default: '10s'}),
  every: Type.Optional(
    Type.String({pattern: LENGTH, description: 'Where windows begin; without it one follows another'}),
  ),
  limit: Type.Integer({minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT}),
  cursor: Type.Optional(Type.String({pattern: '^-?\\d{1,12}$'})),
});

/** Activity counted in windows of event time, tumbling or sliding: the latest ones that hold any, the newest first. */
export function serveWindows(app: App, {database}: Pick<Kit, 'database'>): void {
  const schema = {summary: 'Activity counted in windows of event time', querystring: Query, response: {200: Windows}};
  app.get('/v1/windows', {schema}, async request => {
    const {size, every = size, limit, cursor} = request.query;
    const lengths = {size: toSeconds('size', size), every: toSeconds('every', every)};
    if (lengths.every > lengths.size || lengths.size / lengths.every > WINDOWS_PER_PANE_MAX)
      throw invalid('`every` is at most `size`, and not less than a 3600th of it.');
    const [{clock, late}, rows] = await Promise.all([
      readClock(database),
      readWindows(database, {...lengths, limit: limit + 1, before: cursor === undefined ? null : Number(cursor)}),
    ]);
    const shown = rows.slice(0, limit);
    return {
      size,
      every,
      windows: shown.map(({start, count}) => {
        const end = start + lengths.size;
        return {
          start: time(start),
          end: time(end),
          count: Number(count),
          state: windowState(clock, end * 1_000, TERMS),
        };
      }),
      clock: clock === null ? null : time(clock / 1_000),
      late,
      next: rows.length > limit ? String(shown.at(-1)?.start) : null,
    };
  });
}

/**
 * Goes from window to window back in time, each step one look into the index: windows that hold nothing cost nothing, and what is older than
 * the answer is not read. A pane at `t` is in the windows that begin after `t - size` and not after `t`, at multiples of `every`.
 */
function readWindows(
  database: Pick<Database, 'query'>,
  {size, every, limit, before}: {size: number; every: number; limit: number; before: number | null},
) {
  return database.query<{start: number; count: string}>(
    `with recursive seconds (begin) as (
       select floor(extract(epoch from start) / $2::float8)::bigint * $2::bigint
       from (select start from windows where $4::bigint is null order by start desc limit 1) newest
       union all
       select least($4::bigint - $2, floor(extract(epoch from start) / $2::float8)::bigint * $2::bigint)
       from (select start from windows where start < to_timestamp($4::bigint - $2 + $1) order by start desc limit 1) older
     ), steps (begin, n) as (
       select begin, 1 from seconds
       union all
       select (
         select least(s.begin - $2, floor(extract(epoch from w.start) / $2::float8)::bigint * $2::bigint)
         from windows w where w.start < to_timestamp(s.begin - $2 + $1) order by w.start desc limit 1
       ), s.n + 1 from steps s where s.begin is not null and s.n < $3
     )
     select begin::float8 as start, (
       select sum(w.count) from windows w where w.start >= to_timestamp(begin) and w.start < to_timestamp(begin + $1)
     )::text as count
     from steps where begin is not null order by begin desc`,
    [size, every, limit, before],
  );
}

function toSeconds(name: string, length: string): number {
  const seconds = Number(length.slice(0, -1)) * SECONDS[length.slice(-1) as keyof typeof SECONDS];
  if (seconds <= SIZE_MAX_SECONDS) return seconds;
  throw invalid(`\`${name}\` is at most a day: 10s, 5m, 24h.`);
}

function time(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString();
}

function invalid(detail: string): Problem {
  return new Problem({status: 400, kind: 'validation-failed', detail});
}
