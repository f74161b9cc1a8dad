import type {RequestLogEntry} from '../../fabric/fabric.ts';
import type {LabProbe} from './experiment.ts';
import {percentiles} from './slo.ts';

type RequestsProbe = Extract<LabProbe, {kind: 'requests'}>;

/** Measures the requests of a link: share of errors (no answer, or 5xx), latencies in ms, count, or rate per second. */
export function measureRequests(
  entries: readonly RequestLogEntry[],
  {link, route, method, measure}: RequestsProbe,
  {since, now}: {readonly since: number; readonly now: number},
): number | null {
  const own = entries.filter(
    entry =>
      entry.at >= since &&
      (entry.link === link || entry.proxy === link) &&
      (method === undefined || entry.method === method) &&
      (route === undefined || isOfRoute(entry.path, route)),
  );
  switch (measure) {
    case 'count':
      return own.length;
    case 'rate':
      return now <= since ? 0 : round((own.length * 1000) / (now - since));
    case 'errors': {
      const errors = own.filter(({status}) => status === null || status >= 500).length;
      return own.length === 0 ? null : round(errors / own.length);
    }
    case 'p50':
    case 'p99':
      return percentiles(own.filter(({status}) => status !== null).map(({durationMs}) => durationMs))[measure];
  }
}

/** A route that ends in * stands for all paths that begin so. A query does not count. */
function isOfRoute(path: string, route: string): boolean {
  const [bare = ''] = path.split('?');
  return route.endsWith('*') ? bare.startsWith(route.slice(0, -1)) : bare === route;
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
