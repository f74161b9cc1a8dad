import type {Random} from '../random.ts';

/** A stretch of a load: its rate goes straight from one value to another (per second). */
export interface RateSegment {
  readonly forMs: number;
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
}

/** Evenly spaced starts, ms: `count` is rate times duration. */
export function constantArrivals(options: {readonly ratePerSecond: number; readonly durationMs: number}): number[] {
  return arrivals(constantRate(options.ratePerSecond, options.durationMs));
}

/** Independent clients: exponential gaps, ms, with the rate as their mean. */
export function poissonArrivals(options: {
  readonly ratePerSecond: number;
  readonly durationMs: number;
  readonly random: Random;
}): number[] {
  return arrivals(constantRate(options.ratePerSecond, options.durationMs), options.random);
}

export function constantRate(ratePerSecond: number, forMs: number): RateSegment[] {
  return [{forMs, fromPerSecond: ratePerSecond, toPerSecond: ratePerSecond}];
}

/** A base rate with a burst in it. */
export function spike(options: {
  readonly basePerSecond: number;
  readonly spikePerSecond: number;
  readonly durationMs: number;
  readonly spikeFromMs: number;
  readonly spikeForMs: number;
}): RateSegment[] {
  const {basePerSecond, spikePerSecond, durationMs, spikeFromMs, spikeForMs} = options;
  return [
    ...constantRate(basePerSecond, spikeFromMs),
    ...constantRate(spikePerSecond, spikeForMs),
    ...constantRate(basePerSecond, Math.max(0, durationMs - spikeFromMs - spikeForMs)),
  ];
}

/**
 * Starts in ms, in order, of a load whose rate changes over time: where the rate's integral reaches 0, 1, 2, …, or, with
 * `random`, the points of a Poisson process (Çinlar's inversion).
 */
export function arrivals(segments: readonly RateSegment[], random?: Random): number[] {
  const result: number[] = [];
  let next = random ? random.exponential(1) : 0;
  let before = 0;
  let fromMs = 0;
  for (const segment of segments) {
    const expected = ((segment.fromPerSecond + segment.toPerSecond) / 2) * (segment.forMs / 1000);
    // A hair of tolerance: 0.1 + 0.2 must not cost or add an operation at the end of a segment.
    while (next < before + expected - 1e-9) {
      result.push(fromMs + timeOf(segment, next - before));
      next += random ? random.exponential(1) : 1;
    }
    before += expected;
    fromMs += segment.forMs;
  }
  return result;
}

/** When, in ms after a segment began, its integral reaches `count`. */
function timeOf(segment: RateSegment, count: number): number {
  if (count <= 0) return 0;
  const {forMs, fromPerSecond: from, toPerSecond: to} = segment;
  const seconds = forMs / 1000;
  const slope = (to - from) / seconds;
  if (Math.abs(slope) < 1e-12) return (count / from) * 1000;
  // The larger root of slope/2 t² + from t = count, in the form that does not cancel.
  return ((2 * count) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * count)))) * 1000;
}
