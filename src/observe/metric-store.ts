import type {ReadMetrics, RequestPoint} from './read-metrics.ts';

/** Series of all services together; those that come on top are not kept, and counted. A system has some hundreds. */
export const SERIES_MAX = 1_000;
/** How far back queries reach: 10 minutes in steps of 5 s. */
export const STEP_MS = 5_000;
export const STEPS_MAX = 120;
const NODES_MAX = 200;

/** Rate, errors, duration of one route over a window. */
export interface RouteMetrics {
  readonly service: string;
  readonly method: string;
  readonly route: string;
  readonly requests: number;
  readonly ratePerSecond: number;
  /** Answers with 5xx, and callers that left before theirs. */
  readonly errors: number;
  readonly errorShare: number;
  /** Estimated within the bucket of the histogram that holds it. */
  readonly latencyMs: {readonly mean: number; readonly p50: number; readonly p90: number; readonly p99: number};
}

export interface MetricStore {
  /** `now` is when it came, unix ms. */
  add(metrics: ReadMetrics, now: number): void;
  /** Over the last `windowMs`; null: since the services have started. By service, busiest route first. */
  routes(windowMs: number | null, now: number): readonly RouteMetrics[];
  /** Spans that services could not send, and series that were not kept. */
  readonly losses: {readonly spans: number; readonly series: number};
}

interface Totals {
  count: number;
  sumMs: number;
  buckets: number[];
}

interface Series {
  readonly point: RequestPoint;
  last: RequestPoint;
  readonly total: Totals;
  /** By number of the step. */
  readonly steps: Map<number, Totals>;
}

export function createMetricStore(): MetricStore {
  const series = new Map<string, Series>();
  const dropped = new Map<string, {startedAt: number; count: number; before: number}>();
  let refused = 0;

  function addPoint(point: RequestPoint, step: number): void {
    const key = JSON.stringify([point.node, point.method, point.route, point.status, point.boundsMs]);
    const known = series.get(key);
    if (known === undefined && series.size >= SERIES_MAX) {
      refused += 1;
      return;
    }
    const zero = {...point, count: 0, sumMs: 0, buckets: point.buckets.map(() => 0)};
    const one = known ?? {point, last: zero, total: totals(point), steps: new Map<number, Totals>()};
    series.set(key, one);
    // Another process begins at nothing again. One that came late tells what is known already.
    const before = point.startedAt === one.last.startedAt ? one.last : {...zero, startedAt: point.startedAt};
    if (point.count < before.count) return;
    one.last = point;
    const inStep = one.steps.get(step) ?? totals(point);
    one.steps.set(step, inStep);
    for (const sum of [one.total, inStep]) addGrowth(sum, before, point);
    for (const old of one.steps.keys()) if (old <= step - STEPS_MAX) one.steps.delete(old);
  }

  return {
    add({requests, dropped: losses}, now) {
      for (const point of requests) addPoint(point, Math.floor(now / STEP_MS));
      for (const {node, startedAt, count} of losses) {
        const known = dropped.get(node);
        if (known === undefined && dropped.size >= NODES_MAX) continue;
        const before = known === undefined ? 0 : known.before + (known.startedAt === startedAt ? 0 : known.count);
        dropped.set(node, {startedAt, count, before});
      }
    },
    routes(windowMs, now) {
      const from = windowMs === null ? Number.NEGATIVE_INFINITY : Math.floor((now - windowMs) / STEP_MS) + 1;
      const routes = new Map<string, {point: RequestPoint; sum: Totals; errors: number; firstAt: number}>();
      for (const {point, total, steps} of series.values()) {
        const parts = windowMs === null ? [total] : [...steps].flatMap(([step, sum]) => (step >= from ? [sum] : []));
        const key = JSON.stringify([point.service, point.method, point.route, point.boundsMs]);
        const route = routes.get(key) ?? {point, sum: totals(point), errors: 0, firstAt: point.startedAt};
        routes.set(key, route);
        for (const part of parts) {
          addTotals(route.sum, part);
          if (point.status === null || point.status >= 500) route.errors += part.count;
        }
        route.firstAt = Math.min(route.firstAt, point.startedAt);
      }
      return [...routes.values()]
        .filter(({sum}) => sum.count > 0)
        .map(route => describe(route, Math.max(1, windowMs ?? now - route.firstAt)))
        .sort((one, other) => one.service.localeCompare(other.service) || other.requests - one.requests);
    },
    get losses() {
      return {spans: [...dropped.values()].reduce((sum, {count, before}) => sum + count + before, 0), series: refused};
    },
  };
}

function totals({buckets}: RequestPoint): Totals {
  return {count: 0, sumMs: 0, buckets: buckets.map(() => 0)};
}

function addTotals(to: Totals, {count, sumMs, buckets}: Omit<Totals, 'buckets'> & {buckets: readonly number[]}): void {
  to.count += count;
  to.sumMs += sumMs;
  for (const [index, value] of buckets.entries()) to.buckets[index] = (to.buckets[index] ?? 0) + value;
}

function addGrowth(to: Totals, before: RequestPoint, after: RequestPoint): void {
  addTotals(to, {
    count: after.count - before.count,
    sumMs: after.sumMs - before.sumMs,
    buckets: after.buckets.map((value, index) => value - (before.buckets[index] ?? 0)),
  });
}

function describe(
  {point, sum, errors}: {readonly point: RequestPoint; readonly sum: Totals; readonly errors: number},
  windowMs: number,
): RouteMetrics {
  const {service, method, route, boundsMs} = point;
  const at = (share: number): number => round(quantile(boundsMs, sum.buckets, share));
  return {
    service,
    method,
    route,
    requests: sum.count,
    ratePerSecond: round((sum.count * 1_000) / windowMs),
    errors,
    errorShare: errors / sum.count,
    latencyMs: {mean: round(sum.sumMs / sum.count), p50: at(0.5), p90: at(0.9), p99: at(0.99)},
  };
}

/** As Prometheus' `histogram_quantile`: evenly spread within its bucket; past the last bound it is that bound. */
export function quantile(bounds: readonly number[], buckets: readonly number[], share: number): number {
  const rank = share * buckets.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [index, count] of buckets.entries()) {
    if (below + count >= rank && count > 0) {
      const low = index === 0 ? 0 : (bounds[index - 1] ?? 0);
      const high = bounds[index];
      return high === undefined ? low : low + ((high - low) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? 0;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
