import {selectRequests} from '../../src/checkers/attempts.ts';
import {select} from '../../src/checkers/availability.ts';
import {latencies, percentile} from '../../src/checkers/percentiles.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Route} from './traffic.ts';

export type Setup = {readonly token: string};

export type Run = Evidence<Setup, null>;

/** When stream is to hang, in ms after the load began. */
export const HANG_AT_MS = 3_000;
export const HANG_FOR_MS = 12_000;
/** The first requests of a fresh system pay for connections and keys; they are not what this is about. */
const WARM_AFTER_MS = 2_000;

/** When stream hung, as the fault's record tells it, unix ms. */
export function hang({faults, times}: Run): {readonly from: number; readonly to: number} {
  const pause = faults.find(fault => fault.kind === 'pause');
  const from = pause?.appliedAt ?? times.attackFrom + HANG_AT_MS;
  return {from, to: pause?.endedAt ?? from + HANG_FOR_MS};
}

export function toStream({requests}: Run, window: {readonly from: number; readonly to: number}) {
  return selectRequests(requests, {link: 'gateway->stream', ...window});
}

export function baselineOf({baseline, times}: Run, route: Route): readonly LedgerEntry[] {
  return select(baseline, {name: route, from: times.baselineFrom + WARM_AFTER_MS});
}

export function p99Of(entries: readonly LedgerEntry[]): number {
  return percentile(latencies(entries), 0.99) ?? 0;
}

export function slowest(evidence: Run, entries: readonly LedgerEntry[]): string[] {
  return stories(
    evidence,
    entries.toSorted((a, b) => b.latencyMs - a.latencyMs),
  );
}

export function stories(evidence: Run, entries: readonly LedgerEntry[]): string[] {
  return entries
    .slice(0, 4)
    .map(
      entry =>
        `op ${entry.id} at ${sinceAttack(evidence, entry.intendedAt)}: ${entry.status ?? entry.sends[0]?.error ?? 'no answer'} after ${Math.round(entry.latencyMs)} ms${detailOf(entry)}`,
    );
}

function detailOf(entry: LedgerEntry): string {
  const detail = /"detail":"([^"]{1,80})/.exec(entry.sends.at(-1)?.body ?? '')?.[1];
  return detail === undefined ? '' : ` (${detail})`;
}

export function sinceAttack({times}: Run, at: number): string {
  return `${at >= times.attackFrom ? '+' : ''}${((at - times.attackFrom) / 1000).toFixed(2)} s`;
}
