import type {EndedRequest} from './telemetry.ts';

/** Series that one service keeps; the requests of routes past that are counted as one. A service has some dozens. */
export const SERIES_MAX = 200;
/** The route of requests that were for none, or for one past the bound. */
export const NO_ROUTE = '(none)';
export const OTHER_ROUTE = '(other)';
/** Upper bounds of the histogram, ms. Finer than OpenTelemetry's defaults below 100 ms, where a lab's figures are. */
export const BOUNDS_MS: readonly number[] = [
  1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500,
  10_000,
];

/** Requests of one method, route and status since the service has started. */
export interface RequestSeries {
  readonly method: string;
  readonly route: string;
  readonly status: number | undefined;
  count: number;
  sumMs: number;
  /** One more than there are bounds. */
  readonly buckets: number[];
}

export interface RequestMetrics {
  add(request: EndedRequest): void;
  all(): readonly RequestSeries[];
}

/** Rate, errors and duration per route. */
export function createRequestMetrics(): RequestMetrics {
  const series = new Map<string, RequestSeries>();

  function seriesOf({method, route = NO_ROUTE, status}: Omit<EndedRequest, 'durationMs'>): RequestSeries {
    const key = `${method} ${status} ${route}`;
    const existing = series.get(key);
    if (existing !== undefined) return existing;
    if (series.size >= SERIES_MAX && route !== OTHER_ROUTE) return seriesOf({method: '*', route: OTHER_ROUTE, status});
    const fresh = {method, route, status, count: 0, sumMs: 0, buckets: new Array<number>(BOUNDS_MS.length + 1).fill(0)};
    series.set(key, fresh);
    return fresh;
  }

  return {
    add(request) {
      const {durationMs} = request;
      const one = seriesOf(request);
      const found = BOUNDS_MS.findIndex(bound => durationMs <= bound);
      const index = found === -1 ? BOUNDS_MS.length : found;
      one.count += 1;
      one.sumMs += durationMs;
      one.buckets[index] = (one.buckets[index] ?? 0) + 1;
    },
    all: () => [...series.values()],
  };
}
