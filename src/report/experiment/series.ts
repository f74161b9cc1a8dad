import type {LoadPoint} from '../../faults/experiments/journal.ts';

/** What was seen in one stretch of time, of all routes together. Counts are those of the whole stretch. */
export interface Interval {
  readonly at: number;
  readonly to: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  readonly latencyMs: LoadPoint['latencyMs'];
}

/** The route that stands for all of them. */
const ALL = '*';

/**
 * The load of all routes in order of time. Where the journal has no such series it is the sum of the routes, without latencies: percentiles cannot
 * be added.
 */
export function overallSeries(load: readonly LoadPoint[]): readonly Interval[] {
  const usable = load.filter(({at, intervalMs}) => Number.isFinite(at) && intervalMs > 0);
  const overall = usable.filter(({route}) => route === ALL);
  const points = overall.length > 0 ? overall.map(asInterval) : summed(usable);
  return [...points].sort(byTime);
}

/** At most `countMax` intervals: neighbours are put together, their counts added, of their latencies the worst kept. */
export function merged(intervals: readonly Interval[], countMax: number): readonly Interval[] {
  const size = Math.ceil(intervals.length / Math.max(1, countMax));
  if (size <= 1) return intervals;
  const groups: Interval[] = [];
  let group: Interval[] = [];
  for (const interval of intervals) {
    // What lies on both sides of a gap stays apart, or the gap would be covered.
    const isApart = group.length > 0 && interval.at > (group.at(-1)?.to ?? 0) + (interval.to - interval.at) / 2;
    if (group.length === size || isApart) {
      groups.push(together(group));
      group = [];
    }
    group.push(interval);
  }
  if (group.length > 0) groups.push(together(group));
  return groups;
}

/** Stretches of a span that no interval covers, longer than half an interval. */
export function gapsIn(
  intervals: readonly Interval[],
  span: {readonly from: number; readonly to: number},
): readonly {readonly from: number; readonly to: number}[] {
  const gaps: {from: number; to: number}[] = [];
  let covered = span.from;
  for (const {at, to} of intervals) {
    if (at - covered > (to - at) / 2) gaps.push({from: covered, to: at});
    covered = Math.max(covered, to);
  }
  const [first] = intervals;
  if (span.to - covered > (first === undefined ? 0 : (first.to - first.at) / 2))
    gaps.push({from: covered, to: span.to});
  return gaps;
}

/** Points for a line: each in the middle of its interval, and a break where there is a gap. */
export function linePoints(
  intervals: readonly Interval[],
  value: (interval: Interval) => number | null,
): readonly {readonly at: number; readonly value: number | null}[] {
  return intervals.flatMap((interval, index) => {
    const before = intervals[index - 1];
    const point = {at: (interval.at + interval.to) / 2, value: value(interval)};
    const isApart = before !== undefined && interval.at - before.to > (interval.to - interval.at) / 2;
    return isApart ? [{at: before.to, value: null}, point] : [point];
  });
}

export function perSecond(count: number, {at, to}: Interval): number {
  return (count * 1000) / (to - at);
}

/** The intervals put together: counts added, of the latencies the worst. */
function together(group: readonly Interval[]): Interval {
  const sum = (of: (interval: Interval) => number): number => group.reduce((total, each) => total + of(each), 0);
  const answered = group.flatMap(({latencyMs}) => latencyMs ?? []);
  const worst = (of: (latency: NonNullable<Interval['latencyMs']>) => number): number =>
    answered.reduce((most, each) => Math.max(most, of(each)), 0);
  return {
    at: group[0]?.at ?? 0,
    to: group.reduce((last, {to}) => Math.max(last, to), 0),
    sent: sum(each => each.sent),
    ok: sum(each => each.ok),
    failed: sum(each => each.failed),
    dropped: sum(each => each.dropped),
    latencyMs:
      answered.length === 0
        ? null
        : {
            p50: worst(each => each.p50),
            p90: worst(each => each.p90),
            p99: worst(each => each.p99),
            max: worst(each => each.max),
          },
  };
}

function asInterval({at, intervalMs, sent, ok, failed, dropped, latencyMs}: LoadPoint): Interval {
  return {at, to: at + intervalMs, sent, ok, failed, dropped, latencyMs};
}

function summed(points: readonly LoadPoint[]): Interval[] {
  const byMoment = new Map<string, Interval[]>();
  for (const point of points) {
    const key = `${point.at}/${point.intervalMs}`;
    const list = byMoment.get(key) ?? [];
    list.push({...asInterval(point), latencyMs: null});
    byMoment.set(key, list);
  }
  return [...byMoment.values()].map(together);
}

function byTime(a: Interval, b: Interval): number {
  return a.at - b.at;
}
