import type {PlannedNode} from '../../topology/plan.ts';

/** What has to be known of a node to place it. */
export type Placed = Pick<PlannedNode, 'name' | 'service'>;

/**
 * Chooses a machine for a node: where the fewest nodes of its own service are, so that the loss of one machine never takes all of them;
 * among these, where the fewest nodes are at all; among these, the first. undefined when there is no machine.
 */
export function choosePlace(
  node: Placed,
  machines: readonly string[],
  placed: readonly {readonly node: Placed; readonly machine: string}[],
): string | undefined {
  const others = placed.filter(({node: {name}}) => name !== node.name);
  const load = machines.map(machine => {
    const here = others.filter(other => other.machine === machine);
    return {machine, same: here.filter(({node: {service}}) => service === node.service).length, all: here.length};
  });
  return load.toSorted((a, b) => a.same - b.same || a.all - b.all)[0]?.machine;
}
