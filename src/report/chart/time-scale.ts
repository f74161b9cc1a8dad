import {scaleLinear} from 'd3-scale';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Steps that people count time in, ms. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map(step => step * SECOND),
  ...[1, 2, 5, 10, 15, 30].map(step => step * MINUTE),
  ...[1, 2, 3, 6, 12].map(step => step * HOUR),
];

/** From unix ms to px. */
export interface TimeScale {
  readonly from: number;
  readonly to: number;
  /** Moments outside are put on the edge. */
  x(at: number): number;
  /** At most about `countMax` moments that are round when counted from `origin`. */
  ticks(origin: number, countMax: number): readonly number[];
}

/** A scale over a stretch of time; one without any length gets a second. */
export function createTimeScale(span: {
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
}): TimeScale {
  const {from, left, right} = span;
  const to = span.to > from ? span.to : from + SECOND;
  const scale = scaleLinear().domain([from, to]).range([left, right]).clamp(true);
  return {
    from,
    to,
    x: at => scale(at),
    ticks: (origin, countMax) => {
      const least = (to - from) / Math.max(1, countMax);
      const step = STEPS.find(candidate => candidate >= least) ?? Math.ceil(least / DAY) * DAY;
      const first = origin + Math.ceil((from - origin) / step) * step;
      const count = Math.floor((to - first) / step) + 1;
      return Array.from({length: Math.max(0, count)}, (_, index) => first + index * step);
    },
  };
}

/** A moment as it is written on an axis. All moments of one axis are written alike: the largest of them, in ms, decides how. */
export function tickText(ms: number, largest: number): string {
  const size = Math.abs(ms);
  const sign = ms < 0 ? '-' : '';
  if (largest <= 2 * MINUTE) return `${sign}${Number((size / SECOND).toFixed(3))} s`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (largest <= 2 * HOUR) return `${sign}${Math.floor(size / MINUTE)}:${two((size % MINUTE) / SECOND)} min`;
  return `${sign}${Math.floor(size / HOUR)}:${two((size % HOUR) / MINUTE)} h`;
}
