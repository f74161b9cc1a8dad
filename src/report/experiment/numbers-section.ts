import type {Journal, LoadPoint} from '../../faults/experiments/journal.ts';
import {grouped, milliseconds, offset, percent} from '../figures.ts';
import {type Markup, markup} from '../markup.ts';
import {table} from '../page/table.ts';
import {oneLine} from '../untrusted.ts';
import {type Interval, merged, overallSeries, perSecond} from './series.ts';

const ROWS_MAX = 120;
const ROUTES_MAX = 40;
export const NUMBER_HEADS = ['from', 'ok/s', 'failed/s', 'dropped/s', 'p50', 'p90', 'p99', 'longest'] as const;
const ROUTE_HEADS = ['route', 'operations', 'ok', 'failed', 'dropped', 'longest'] as const;

/** The figures of the timeline, and of each route, as tables. */
export function numbersSection(journal: Journal): Markup | false {
  const all = overallSeries(journal.load);
  if (all.length === 0) return false;
  const intervals = merged(all, ROWS_MAX);
  const routes = routeRows(journal.load);
  const merges = Math.ceil(all.length / ROWS_MAX);
  return markup`<section aria-labelledby="numbers">
<h2 id="numbers">Numbers</h2>
${routes.length > 0 && table({heads: ROUTE_HEADS, rows: routes, figuresFrom: 1, caption: 'By route, over the whole experiment'})}<details data-print><summary>The timeline as a table</summary>
${
  merges > 1 &&
  markup`<p class="hint">Each row stands for ${merges} intervals, with the worst latencies of them.</p>
`
}${table({heads: NUMBER_HEADS, rows: intervals.map(interval => numberCells(interval, journal.start)), figuresFrom: 0})}</details>
</section>
`;
}

export function numberCells(interval: Interval, start: number): readonly string[] {
  const {at, ok, failed, dropped, latencyMs} = interval;
  const latency = (name: 'p50' | 'p90' | 'p99' | 'max'): string => milliseconds(latencyMs?.[name] ?? Number.NaN);
  return [
    offset(at, start),
    ...[ok, failed, dropped].map(count => grouped(perSecond(count, interval))),
    latency('p50'),
    latency('p90'),
    latency('p99'),
    latency('max'),
  ];
}

function routeRows(load: readonly LoadPoint[]): readonly (readonly string[])[] {
  const routes = new Map<string, {ok: number; failed: number; dropped: number; max: number}>();
  for (const {route, ok, failed, dropped, latencyMs} of load) {
    if (route === '*') continue;
    const sum = routes.get(route) ?? {ok: 0, failed: 0, dropped: 0, max: 0};
    sum.ok += ok;
    sum.failed += failed;
    sum.dropped += dropped;
    sum.max = Math.max(sum.max, latencyMs?.max ?? 0);
    routes.set(route, sum);
  }
  return [...routes].slice(0, ROUTES_MAX).map(([route, {ok, failed, dropped, max}]) => {
    const all = ok + failed + dropped;
    const share = (count: number): string => (all === 0 ? '-' : percent(count / all));
    return [
      oneLine(route, 120),
      grouped(all),
      share(ok),
      share(failed),
      share(dropped),
      milliseconds(max || Number.NaN),
    ];
  });
}
