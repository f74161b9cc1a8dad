import type {LedgerEntry} from '../load/load.ts';

/**
 * The value below or at which the share `q` (0..1) of all values lies: the nearest rank, a value that was really seen. Undefined
 * without values.
 */
export function percentile(values: readonly number[], q: number): number | undefined {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`a share is between 0 and 1, not ${q}`);
  const sorted = values.toSorted((a, b) => a - b);
  // A hair below the product, so that 0.07 * 100 = 7.000000000000001 stays rank 7.
  return sorted[Math.max(1, Math.ceil(q * sorted.length - 1e-9)) - 1];
}

export function median(values: readonly number[]): number | undefined {
  return percentile(values, 0.5);
}

/**
 * Latencies from the intended start, ms. An operation without an answer in time counts with its patience or what it took, whichever is
 * more: leaving it out would make a system that answers nothing look fast.
 */
export function latencies(entries: readonly LedgerEntry[]): readonly number[] {
  return entries.map(({outcome, latencyMs, operation}) =>
    outcome === 'ok' ? latencyMs : Math.max(latencyMs, operation.patienceMs),
  );
}
