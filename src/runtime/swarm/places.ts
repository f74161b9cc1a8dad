import {LabError} from '../../errors.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {type Fleet, machineOf} from './fleet.ts';
import type {ReachedMachine} from './machines.ts';
import {choosePlace} from './placement.ts';

/** The machine of each node. */
export interface Places {
  /** Chooses a machine for a node that has none, or whose own is not there any more. */
  place(fleet: Fleet, node: PlannedNode): void;
  /** Where the node runs, or is to be started. Errors: MACHINE_LOST, also when a node keeps data and their machine is not there. */
  machine(fleet: Fleet, node: PlannedNode): ReachedMachine;
}

export function createPlaces(): Places {
  const places = new Map<string, {readonly node: PlannedNode; readonly machine: string}>();
  const place = (fleet: Fleet, node: PlannedNode): void => {
    const there = fleet.machines.filter(({isThere}) => isThere).map(({id}) => id);
    const current = places.get(node.name)?.machine;
    // What keeps data stays where they are.
    if (current !== undefined && (node.kind !== 'service' || there.includes(current))) return;
    const machine = choosePlace(node, there, [...places.values()]);
    if (machine === undefined) throw new LabError('MACHINE_LOST', `No machine of the swarm is there for ${node.name}.`);
    places.set(node.name, {node, machine});
  };
  return {
    place,
    machine: (fleet, node) => {
      place(fleet, node);
      const what = node.kind === 'service' ? `${node.name} runs` : `${node.name} has its data`;
      return machineOf(fleet, places.get(node.name)?.machine ?? '', what);
    },
  };
}
