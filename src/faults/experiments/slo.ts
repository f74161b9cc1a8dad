import type {LedgerEntry} from '../../load/load.ts';
import type {LabProbe} from './experiment.ts';

type Slo = Extract<LabProbe, {kind: 'slo'}>;

/** What a load saw, and whether that keeps within the bounds. Latencies are of what was answered, from the intended start, ms. */
export interface SloOutput {
  readonly met: boolean;
  readonly operations: number;
  /** Share of the operations that had a 2xx answer within their client's patience. */
  readonly availability: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Judges the operations of a route whose intended start was in a window. Undefined: there was none. */
export function judgeSlo(entries: readonly LedgerEntry[], {route, bounds}: Slo, from: number): SloOutput | undefined {
  const own = entries.filter(
    ({name, intendedAt}) => intendedAt >= from && (route === undefined || route === '*' || name === route),
  );
  if (own.length === 0) return undefined;
  const latencies = own.filter(({status}) => status !== null).map(({latencyMs}) => latencyMs);
  const figures = {
    availability: round(own.filter(({outcome}) => outcome === 'ok').length / own.length),
    ...percentiles(latencies),
  };
  const {availability = 0, ...most} = bounds;
  const isSlow = Object.entries(most).some(([name, bound]) => {
    const value = figures[name as keyof typeof most];
    return value === null || value > bound;
  });
  return {met: figures.availability >= availability && !isSlow, operations: own.length, ...figures};
}

/** Nearest rank, ms; null where there is no value. */
export function percentiles(values: readonly number[]): {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
} {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | null => {
    const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
    return value === undefined ? null : Math.round(value * 10) / 10;
  };
  return {p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1)};
}

function round(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}
