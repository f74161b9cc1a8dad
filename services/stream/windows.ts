import {Type} from 'typebox';
import {Problem} from '../kit/problem.ts';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';

const WINDOWS_MAX = 30;
const SIZE_MAX_SECONDS = 86_400;
const SECONDS = {s: 1, m: 60, h: 3_600} as const;

const Window = Type.Object({
  start: Type.String({format: 'date-time'}),
  end: Type.String({format: 'date-time'}),
  count: Type.Integer(),
});
const Windows = Type.Object({size: Type.String(), windows: Type.Array(Window)});
const Query = Type.Object({size: Type.String({pattern: '^[1-9]\\d{0,5}[smh]$', default: '10s'})});

/** Activity counted in tumbling windows of event time: the latest ones that hold any, the newest first. */
export function serveWindows(app: App, {database}: Pick<Kit, 'database'>): void {
  app.get('/v1/windows', {schema: {querystring: Query, response: {200: Windows}}}, async request => {
    const {size} = request.query;
    const seconds = toSeconds(size);
    const rows = await database.query<{start: number; count: string}>(
      `select (floor(extract(epoch from start) / $1) * $1)::float8 as start, sum(count)::text as count
       from windows group by 1 order by 1 desc limit ${WINDOWS_MAX}`,
      [seconds],
    );
    const time = (epochSeconds: number): string => new Date(epochSeconds * 1_000).toISOString();
    return {
      size,
      windows: rows.map(({start, count}) => ({start: time(start), end: time(start + seconds), count: Number(count)})),
    };
  });
}

function toSeconds(size: string): number {
  const seconds = Number(size.slice(0, -1)) * SECONDS[size.slice(-1) as keyof typeof SECONDS];
  if (seconds <= SIZE_MAX_SECONDS) return seconds;
  throw new Problem({status: 400, kind: 'validation-failed', detail: '`size` is at most a day: 10s, 5m, 24h.'});
}
