import {build, type Histogram} from 'hdr-histogram-js';
import type {LatencySummary, LedgerEntry, LoadSummary} from './load.ts';

const HIGHEST_MICROSECONDS = 3_600_000_000;

/** Counts a load as it goes. */
export interface Tally {
  /** An operation came due and was started, or dropped, at `at` (ms of any clock that does not jump). */
  due(at: number): void;
  decided(entry: LedgerEntry): void;
  readonly ok: number;
  summary(elapsedMs: number): LoadSummary;
}

export function createTally(): Tally {
  const corrected = createHistogram();
  const uncorrected = createHistogram();
  const counts = {ok: 0, fail: 0, info: 0, dropped: 0};
  let due = 0;
  let firstAt = 0;
  let lastAt = 0;
  return {
    due: at => {
      if (due === 0) firstAt = at;
      lastAt = at;
      due += 1;
    },
    decided: entry => {
      counts[entry.outcome] += 1;
      if (entry.outcome === 'dropped') return;
      corrected.recordValue(microseconds(entry.latencyMs));
      uncorrected.recordValue(microseconds(entry.uncorrectedMs));
    },
    get ok() {
      return counts.ok;
    },
    summary: elapsedMs => ({
      // Over the gaps between operations, so that a constant rate comes out as exactly that.
      rate: due > 1 && lastAt > firstAt ? round(((due - 1) * 1000) / (lastAt - firstAt)) : 0,
      durationMs: round(elapsedMs),
      sent: due - counts.dropped,
      ok: counts.ok,
      failed: counts.fail + counts.info,
      dropped: counts.dropped,
      latencyMs: percentiles(corrected),
      uncorrectedMs: percentiles(uncorrected),
    }),
  };
}

/** Microseconds, to three digits. The pure JavaScript build: nothing to instantiate, small enough for one per load. */
function createHistogram(): Histogram {
  return build({
    useWebAssembly: false,
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 10_000_000,
    numberOfSignificantValueDigits: 3,
  });
}

function percentiles(histogram: Histogram): LatencySummary {
  const at = (percentile: number): number =>
    histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1000;
  return {p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: at(100)};
}

function microseconds(ms: number): number {
  return Math.min(HIGHEST_MICROSECONDS, Math.max(0, Math.round(ms * 1000)));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
