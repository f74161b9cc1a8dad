/** How what took effect differs from what was committed. */
export interface EffectsDifference {
  /** Committed, and without an effect. */
  readonly missing: readonly string[];
  /** With an effect, and never committed. */
  readonly phantom: readonly string[];
  /** Committed or not, with more than one effect, and how many. */
  readonly duplicated: readonly {readonly id: string; readonly count: number}[];
}

/**
 * Compares ids that were committed at the source with ids as they took effect at the far end, one for every effect.
 * Both in any order; the answers are in order of first appearance.
 */
export function compareEffects(committed: Iterable<string>, observed: Iterable<string>): EffectsDifference {
  const source = new Set(committed);
  const counts = new Map<string, number>();
  for (const id of observed) counts.set(id, (counts.get(id) ?? 0) + 1);
  return {
    missing: [...source].filter(id => !counts.has(id)),
    phantom: [...counts.keys()].filter(id => !source.has(id)),
    duplicated: [...counts].flatMap(([id, count]) => (count > 1 ? [{id, count}] : [])),
  };
}
