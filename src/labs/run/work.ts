import type {LedgerEntry} from '../../load/load.ts';
import type {LoadSpec} from '../lab.ts';

/** The offered rate may differ this much from the plan: beyond it the run says little about the system. */
export const RATE_TOLERANCE = 0.2;
/** Fewer operations than this have no rate worth the name. */
const RATE_OPERATIONS_MIN = 20;

/** Why a load was too little to judge a system by, in a sentence; undefined where it was enough. Silence never passes. */
export function tooLittleWork(spec: LoadSpec, entries: readonly LedgerEntry[]): string | undefined {
  const ok = entries.filter(entry => entry.outcome === 'ok').length;
  if (spec.operations.length === 0) return undefined;
  if (entries.length === 0) return 'no operation was sent';
  if (spec.okMin !== undefined && ok < spec.okMin)
    return `${ok} operations were acknowledged, and it takes ${spec.okMin}`;
  const ratio = offeredShare(spec, entries);
  if (ratio === undefined || Math.abs(ratio - 1) <= RATE_TOLERANCE) return undefined;
  return `the offered rate was ${Math.round(ratio * 100)} % of the plan's`;
}

/**
 * The rate at which operations really began, as a share of the plan's rate; undefined when there are too few to say. A load that
 * ended early is measured as far as it went.
 */
export function offeredShare(spec: LoadSpec, entries: readonly LedgerEntry[]): number | undefined {
  const atMs = new Map(spec.operations.map(operation => [operation.id, operation.atMs]));
  const reached = entries.reduce((latest, entry) => Math.max(latest, atMs.get(entry.id) ?? 0), 0);
  const planned = spec.operations.filter(operation => operation.atMs <= reached);
  // What follows an answer begins when that comes, and is in no plan.
  const begun = entries
    .flatMap(entry => (atMs.has(entry.id) ? (entry.sends[0]?.at ?? []) : []))
    .toSorted((a, b) => a - b);
  const [first, last] = [begun[0], begun.at(-1)];
  if (planned.length < RATE_OPERATIONS_MIN || first === undefined || last === undefined) {
    return planned.length >= RATE_OPERATIONS_MIN ? 0 : undefined;
  }
  const plannedSpan = reached - planned.reduce((earliest, operation) => Math.min(earliest, operation.atMs), reached);
  const stretch = plannedSpan > 0 ? Math.max(last - first, 1) / plannedSpan : 1;
  return begun.length / planned.length / Math.max(stretch, 1);
}
