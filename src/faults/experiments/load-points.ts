import type {LedgerEntry} from '../../load/load.ts';
import type {LoadPoint} from './journal.ts';
import {percentiles} from './slo.ts';

const INTERVAL_MS = 1000;

/** What a load saw, second by second: of all routes together (`*`), and of each. */
export function loadPoints(entries: readonly LedgerEntry[], intervalMs = INTERVAL_MS): readonly LoadPoint[] {
  const first = entries.reduce((least, {intendedAt}) => Math.min(least, intendedAt), Number.POSITIVE_INFINITY);
  const groups = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const at = Math.floor(first + Math.floor((entry.intendedAt - first) / intervalMs) * intervalMs);
    for (const route of ['*', entry.name]) {
      const key = `${route}\n${at}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [entry]);
      else group.push(entry);
    }
  }
  return [...groups]
    .map(([key, group]) => {
      const [route = '', at = ''] = key.split('\n');
      return pointOf(route, Number(at), intervalMs, group);
    })
    .sort((a, b) => a.at - b.at || compare(a.route, b.route));
}

function pointOf(route: string, at: number, intervalMs: number, group: readonly LedgerEntry[]): LoadPoint {
  const count = (wanted: (entry: LedgerEntry) => boolean): number => group.filter(wanted).length;
  const {p50, p90, p99, max} = percentiles(group.filter(({status}) => status !== null).map(({latencyMs}) => latencyMs));
  const dropped = count(({outcome}) => outcome === 'dropped');
  return {
    route,
    at,
    intervalMs,
    sent: group.length - dropped,
    ok: count(({outcome}) => outcome === 'ok'),
    failed: count(({outcome}) => outcome === 'fail' || outcome === 'info'),
    dropped,
    latencyMs: p50 === null || p90 === null || p99 === null || max === null ? null : {p50, p90, p99, max},
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
