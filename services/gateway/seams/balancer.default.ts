import type {CreateBalancer} from './balancer.ts';

/**
 * Who has the fewest requests under way is asked first; among equals they take turns. A slow instance gets fewer that way, without anybody
 * measuring how slow it is. All are looked at: there are a few, not hundreds.
 */
export const createBalancer: CreateBalancer = () => {
  const underWay = new Map<string, number>();
  const turns = new Map<string, number>();
  const load = (node: string): number => underWay.get(node) ?? 0;
  return {
    order(service, nodes) {
      const turn = turns.get(service) ?? 0;
      turns.set(service, turn + 1);
      const from = nodes.length === 0 ? 0 : turn % nodes.length;
      // Sorting is stable: among equals the turn decides.
      return [...nodes.slice(from), ...nodes.slice(0, from)].sort((one, other) => load(one) - load(other));
    },
    begin(node) {
      underWay.set(node, load(node) + 1);
      let ended = false;
      return () => {
        if (!ended) underWay.set(node, load(node) - 1);
        ended = true;
      };
    },
  };
};
