import type {Fabric} from '../fabric/fabric.ts';
import type {Disturbance} from '../runtime/disturbance.ts';
import {disturbanceOf} from './disturbances.ts';
import type {FaultRecord} from './fault.ts';
import type {FaultNodes} from './nodes.ts';

/** Undoes one after the other what an earlier process has left in force, and gives how each of them stands then. */
export async function* endLeftovers(
  records: readonly FaultRecord[],
  {fabric, nodes, now}: {readonly fabric: Fabric; readonly nodes: FaultNodes; readonly now: () => number},
): AsyncGenerator<FaultRecord> {
  for (const record of records) {
    if (record.state !== 'planned' && record.state !== 'active') continue;
    const observed = await undoLeftover(record, fabric, nodes);
    yield {...record, state: 'ended', endedAt: now(), endedBy: 'heal', healed: {verdict: 'none', observed}};
  }
}

/** Undoes what is left of a fault of an earlier process, as its record says. Returns what that was, in words. */
async function undoLeftover(record: FaultRecord, fabric: Fabric, nodes: FaultNodes): Promise<string> {
  const inForce = (await fabric.toxics()).map(({id}) => id);
  const toxics = inForce.filter(id => id === record.id || id.startsWith(`${record.id}.`));
  if (toxics.length > 0) await fabric.change({remove: toxics});
  const undone = toxics.map(id => `toxic ${id} removed`);
  for (const node of record.nodes) {
    try {
      if (await undoNode(record, node, nodes)) undone.push(`${node}: ${record.undo}`);
    } catch {
      // A node of an earlier system that is not there any more has nothing to be undone.
    }
  }
  return undone.length === 0 ? 'nothing of it was left' : undone.join(', ');
}

async function undoNode(record: FaultRecord, node: string, nodes: FaultNodes): Promise<boolean> {
  const {undo} = record;
  const state = nodes.state(node);
  if (undo === 'resume' && state === 'paused') await nodes.resume(node);
  else if (undo === 'start' && (state === 'crashed' || state === 'stopped')) await nodes.start(node);
  else if (undo === 'disarm') await nodes.disarm(node);
  else if (undo === 'calm') await calm(node, disturbanceOf(record), nodes);
  else return false;
  return true;
}

async function calm(node: string, disturbance: Disturbance | undefined, nodes: FaultNodes): Promise<void> {
  if (disturbance !== undefined) await nodes.calm(node, disturbance.kind);
}
