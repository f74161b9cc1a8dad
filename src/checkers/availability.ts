import type {LedgerEntry} from '../load/load.ts';

/** Which operations count. A window takes those that were meant to start from `from` up to, not including, `to` (unix ms). */
export interface Selection {
  readonly name?: string;
  readonly from?: number;
  readonly to?: number;
}

export interface Availability {
  readonly operations: number;
  readonly ok: number;
  /** Share of operations that were answered in time, 0..1; null without any: silence is no availability. */
  readonly share: number | null;
}

export function select(entries: readonly LedgerEntry[], {name, from, to}: Selection): readonly LedgerEntry[] {
  return entries.filter(
    entry =>
      (name === undefined || entry.name === name) &&
      (from === undefined || entry.intendedAt >= from) &&
      (to === undefined || entry.intendedAt < to),
  );
}

export function availability(entries: readonly LedgerEntry[], selection: Selection = {}): Availability {
  const selected = select(entries, selection);
  const ok = selected.filter(({outcome}) => outcome === 'ok').length;
  return {operations: selected.length, ok, share: selected.length === 0 ? null : ok / selected.length};
}

/** Availability of every route there is, by name. */
export function availabilityByName(
  entries: readonly LedgerEntry[],
  selection: Omit<Selection, 'name'> = {},
): ReadonlyMap<string, Availability> {
  const names = [...new Set(entries.map(({name}) => name))];
  return new Map(names.map(name => [name, availability(entries, {...selection, name})]));
}

/**
 * The longest time without an answer in time, ms: from one answer to the next, from the first intended start to the first answer, and
 * from the last answer to the last intended start. 0 without operations.
 */
export function longestGapMs(entries: readonly LedgerEntry[], selection: Selection = {}): number {
  const selected = select(entries, selection);
  const intended = selected.map(({intendedAt}) => intendedAt).toSorted((a, b) => a - b);
  const [first, last] = [intended[0], intended.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const answered = selected
    .filter(({outcome}) => outcome === 'ok')
    .map(({intendedAt, latencyMs}) => intendedAt + latencyMs);
  const moments = [first, ...answered, last].toSorted((a, b) => a - b);
  return moments.reduce((longest, moment, index) => Math.max(longest, moment - (moments[index - 1] ?? moment)), 0);
}
