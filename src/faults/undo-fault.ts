import type {Fabric} from '../fabric/fabric.ts';
import type {Disturbance} from '../runtime/disturbance.ts';
import {crashChange} from './crash-series.ts';
import {joinEffects, judgeDisturbed} from './disturbance-effect.ts';
import type {Disturbances} from './disturbances.ts';
import {type FaultEntry, holdOf} from './entry.ts';
import type {EndedBy, FaultEffect} from './fault.ts';
import type {FaultBook} from './fault-book.ts';
import type {Holds} from './holds.ts';
import {counts} from './kinds.ts';
import {readTraffic} from './traffic.ts';

export interface UndoTools {
  readonly fabric: Fabric;
  readonly book: FaultBook;
  readonly holds: Holds;
  readonly disturbances: Disturbances;
}

/** Takes away whatever a fault has put on, and notes what was seen of it at the very end. */
export function createUndo({
  fabric,
  book,
  holds,
  disturbances,
}: UndoTools): (entry: FaultEntry, by: EndedBy) => Promise<void> {
  const undo = async (entry: FaultEntry, by: EndedBy): Promise<void> => {
    if (entry.toxics.length > 0) {
      const {ids, effect} = await readTraffic(fabric, entry);
      if (ids.length > 0) await fabric.change({remove: ids});
      entry.felt = effect ?? entry.felt;
      if (effect !== undefined && entry.record.effect?.verdict !== 'bites') await book.showFelt(entry, effect);
    }
    if (entry.series !== undefined) await book.update(entry, crashChange(await entry.series.stop()));
    const how = holdOf(entry.info);
    if (how !== undefined && by !== 'down')
      await Promise.all(entry.record.nodes.map(node => holds.release(node, how, entry.record.id)));
    if (entry.disturbance !== undefined) await calm(entry, entry.disturbance);
  };

  /** What has not shown yet may be seen in what was measured at the very end. */
  const calm = async (entry: FaultEntry, disturbance: Disturbance): Promise<void> => {
    const {id, nodes: targets, effect} = entry.record;
    const last = await Promise.all(targets.map(node => disturbances.remove(node, id, disturbance.kind)));
    // What counts has counted on since it was seen to bite.
    const isOpen = effect?.verdict === 'pending' || (effect?.verdict === 'bites' && counts(disturbance));
    if (!isOpen || last.includes(undefined)) return;
    const effects = targets.map(
      (node, index) => [node, judgeDisturbed(disturbance, entry.nodesBefore?.get(node), last[index])] as const,
    );
    await book.update(entry, {effect: joinEffects(effects)});
  };

  return undo;
}

/** At its end, what never showed has not bitten; of what has, all that traffic felt is said. */
export function finalEffect({applying, felt, isFeltOnly, record: {effect}}: FaultEntry): FaultEffect {
  if (applying === undefined) return {verdict: 'none', observed: 'it was ended before it was applied'};
  if (effect === undefined) return {verdict: 'pending', observed: 'it ended before it could be measured'};
  if (effect.verdict === 'pending')
    return {verdict: 'none', observed: `${effect.observed}; nothing was disturbed until its end`};
  if (felt === undefined || effect.verdict !== 'bites') return effect;
  return isFeltOnly === true ? felt : {...effect, observed: `${effect.observed}; in all ${felt.observed}`};
}
