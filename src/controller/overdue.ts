import {disturbanceOf} from '../faults/disturbances.ts';
import type {FaultRecord} from '../faults/fault.ts';
import type {Disturbance, DisturbanceKind} from '../runtime/disturbance.ts';

/** What to do to a node so that a fault of it is over. */
export type UndoStep =
  | {readonly node: string; readonly act: 'resume' | 'disarm'}
  | {readonly node: string; readonly act: 'calm'; readonly kind: DisturbanceKind}
  | {readonly node: string; readonly act: 'disturb'; readonly disturbance: Disturbance};

/** What is done without a controller: a node that is down stays so, since only the controller knows how to start it. */
const UNDOABLE: ReadonlySet<FaultRecord['undo']> = new Set(['resume', 'disarm', 'calm']);

/** Faults of nodes that should have ended this long (ms) ago, and have not. */
export function overdueFaults(records: readonly FaultRecord[], now: number, graceMs: number): readonly FaultRecord[] {
  return records.filter(
    record =>
      isInForce(record) && UNDOABLE.has(record.undo) && record.endsAt !== null && now >= record.endsAt + graceMs,
  );
}

/** When the next of them ends, unix ms. */
export function nextEnd(records: readonly FaultRecord[]): number {
  const ends = records.flatMap(record => (isInForce(record) && record.endsAt !== null ? [record.endsAt] : []));
  return Math.min(Number.POSITIVE_INFINITY, ...ends);
}

/** What undoes an overdue fault, with regard to others that are in force on the same nodes and not over yet. */
export function undoSteps(overdue: FaultRecord, records: readonly FaultRecord[], now: number): readonly UndoStep[] {
  const {undo, kind} = overdue;
  return overdue.nodes.flatMap((node): readonly UndoStep[] => {
    const others = records.filter(
      other =>
        other.id !== overdue.id &&
        isInForce(other) &&
        other.kind === kind &&
        other.nodes.includes(node) &&
        (other.endsAt === null || other.endsAt > now),
    );
    if (undo === 'disarm') return [{node, act: 'disarm'}];
    if (undo === 'resume') return others.length > 0 ? [] : [{node, act: 'resume'}];
    const [latest] = others.toSorted((a, b) => b.plannedAt - a.plannedAt);
    const disturbance = disturbanceOf(latest ?? overdue);
    if (disturbance === undefined) return [];
    return latest === undefined ? [{node, act: 'calm', kind: disturbance.kind}] : [{node, act: 'disturb', disturbance}];
  });
}

function isInForce({state, nodes}: FaultRecord): boolean {
  return nodes.length > 0 && (state === 'planned' || state === 'active');
}
