import type {LatencySummary} from './load.ts';

/** Exact percentiles of latencies (nearest rank), ms. All zero when there are none. */
export function latencySummary(values: readonly number[]): LatencySummary {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1)};
}
