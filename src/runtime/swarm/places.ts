import {LabError} from '../../errors.ts';
import type {PlannedNode} from '../../topology/plan.ts';
import {type Fleet, machineOf} from './fleet.ts';
import type {ReachedMachine} from './machines.ts';
import {choosePlace} from './placement.ts';

/**
 * The machine of each node. What keeps data is on the manager's machine, with the agent that leads there: the loss of another machine then
 * takes no data. Services are spread, over the other machines first.
 */
export interface Places {
  /** Chooses machines for nodes that have none, or whose own is not there any more. Errors: MACHINE_LOST when none is there. */
  place(fleet: PlacingFleet, nodes: readonly PlannedNode[]): void;
  /** Where the node runs, or is to be started. Errors: MACHINE_LOST, also when a node keeps data and their machine is not there. */
  machine(fleet: PlacingFleet, node: PlannedNode): ReachedMachine;
}

/** What has to be known of a fleet to place nodes on it. */
export interface PlacingFleet {
  readonly manager: Pick<Fleet['manager'], 'machine'>;
  readonly machines: readonly ReachedMachine[];
}

export function createPlaces(): Places {
  const places = new Map<string, {readonly node: PlannedNode; readonly machine: string}>();
  const placeOne = (fleet: PlacingFleet, node: PlannedNode): void => {
    if (node.kind !== 'service') {
      places.set(node.name, {node, machine: fleet.manager.machine});
      return;
    }
    const there = fleet.machines.filter(({isThere}) => isThere).map(({id}) => id);
    if (there.includes(places.get(node.name)?.machine ?? '')) return;
    const machine = choosePlace(node, there, [...places.values()]);
    if (machine === undefined) throw new LabError('MACHINE_LOST', `No machine of the swarm is there for ${node.name}.`);
    places.set(node.name, {node, machine});
  };
  const place = (fleet: PlacingFleet, nodes: readonly PlannedNode[]): void => {
    for (const node of nodes.toSorted((a, b) => Number(a.kind === 'service') - Number(b.kind === 'service')))
      placeOne(fleet, node);
  };
  return {
    place,
    machine: (fleet, node) => {
      placeOne(fleet, node);
      const what = node.kind === 'service' ? `${node.name} runs` : `${node.name} has its data`;
      return machineOf(fleet, places.get(node.name)?.machine ?? '', what);
    },
  };
}
