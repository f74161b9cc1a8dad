import type {RequestLogEntry} from '../fabric/fabric.ts';

/** Which requests count; from `from` up to, not including, `to` (unix ms). */
export interface RequestSelection {
  /** `gateway->identity`. */
  readonly link?: string;
  readonly method?: string;
  readonly from?: number;
  readonly to?: number;
}

/** Requests of one interval. */
export interface Interval {
  /** Unix ms. */
  readonly from: number;
  readonly to: number;
  readonly requests: number;
}

export function selectRequests(
  requests: readonly RequestLogEntry[],
  {link, method, from, to}: RequestSelection,
): readonly RequestLogEntry[] {
  return requests.filter(
    request =>
      (link === undefined || request.link === link) &&
      (method === undefined || request.method === method) &&
      (from === undefined || request.at >= from) &&
      (to === undefined || request.at < to),
  );
}

/** Requests per interval of `everyMs` between `from` and `to`; intervals without any are there with 0. The last one may be shorter. */
export function attemptsPerInterval(
  requests: readonly RequestLogEntry[],
  {everyMs, ...selection}: RequestSelection & {readonly from: number; readonly to: number; readonly everyMs: number},
): readonly Interval[] {
  if (!(everyMs > 0)) throw new RangeError(`an interval takes some time, not ${everyMs} ms`);
  const {from, to} = selection;
  const counts = new Array<number>(Math.max(0, Math.ceil((to - from) / everyMs))).fill(0);
  for (const {at} of selectRequests(requests, selection)) {
    const index = Math.floor((at - from) / everyMs);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts.map((count, index) => ({
    from: from + index * everyMs,
    to: Math.min(from + (index + 1) * everyMs, to),
    requests: count,
  }));
}

/** The most requests in any stretch of `withinMs`, wherever it begins: what "at most one probe an interval" is judged by. */
export function mostWithin(
  requests: readonly RequestLogEntry[],
  withinMs: number,
  selection: RequestSelection = {},
): number {
  const times = selectRequests(requests, selection)
    .map(({at}) => at)
    .toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [index, at] of times.entries()) {
    while ((times[first] ?? at) <= at - withinMs) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** Requests grouped by what makes them one and the same: their idempotency key, unless `keyOf` says otherwise. */
export function repetitions(
  requests: readonly RequestLogEntry[],
  keyOf: (request: RequestLogEntry) => string | undefined = request => request.idempotencyKey,
): ReadonlyMap<string, readonly RequestLogEntry[]> {
  const groups = new Map<string, RequestLogEntry[]>();
  for (const request of requests) {
    const key = keyOf(request);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(request);
    else groups.set(key, [request]);
  }
  return groups;
}
