import type {RouteMetrics} from '../../observe/metric-store.ts';
import {ms, percent} from '../output/figures.ts';
import type {Paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {formatRate} from '../parse/rate.ts';

const HEADING = ['SERVICE', 'REQUESTS', 'RATE', 'ERRORS', 'P50', 'P99', 'ROUTE'];

/** Rate, errors and duration, a line per route. */
export function renderMetrics(
  routes: readonly RouteMetrics[],
  {width, paint}: {readonly width: number; readonly paint: Paint},
): string[] {
  const rows = routes.map(({service, method, route, requests, ratePerSecond, errors, errorShare, latencyMs}) => [
    service,
    String(requests),
    formatRate(Math.round(ratePerSecond * 10) / 10),
    errors === 0 ? '0' : paint.bad(`${errors} (${percent(errorShare)})`),
    ms(latencyMs.p50),
    ms(latencyMs.p99),
    `${method} ${route}`,
  ]);
  return table([HEADING, ...rows], {width, heading: paint.faint, right: [1, 2, 3, 4, 5]});
}
