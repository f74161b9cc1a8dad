import type {Random} from '../random.ts';

/** Two nodes that do not see each other. */
export type CutPair = readonly [string, string];

/** A partition that is more than one set against another. */
export interface Shape {
  /** Each pair once. */
  readonly cut: readonly CutPair[];
  /** In words: who is on which side. */
  readonly described: string;
}

/** Fewer nodes than this cannot be arranged so that anybody sees more than somebody else. */
export const SHAPE_NODES_MIN = 3;

/**
 * Two halves, drawn, that see each other only through one node, which sees everybody. With an even number the smaller half has one less.
 * Jepsen's `nemesis/bridge`, which takes the bridge from the larger half too.
 */
export function bridge(nodes: readonly string[], random: Random): Shape {
  const drawn = random.shuffle(nodes);
  const left = drawn.slice(0, Math.floor(nodes.length / 2));
  const [middle = '', ...right] = drawn.slice(left.length);
  return {
    cut: left.flatMap(a => right.map(b => [a, b] as const)),
    described: `${left.join(', ')} | ${right.join(', ')}, bridged by ${middle}`,
  };
}

/**
 * A drawn ring in which each node sees a majority, itself included, and no two see the same one. Jepsen's `majorities-ring`, with links that
 * are cut for both ends: seeing is mutual here. So each sees as many neighbours on either side, and where a majority takes an odd number of
 * others, the one across as well, or, where nobody is across, one more on either side. Three nodes make a row: a ring of three would be whole.
 */
export function majoritiesRing(nodes: readonly string[], random: Random): Shape {
  const ring = random.shuffle(nodes);
  const count = ring.length;
  const others = Math.floor(count / 2);
  const isAcross = (apart: number): boolean => others % 2 === 1 && count % 2 === 0 && apart === count / 2;
  const reach = count % 2 === 0 ? Math.floor(others / 2) : Math.ceil(others / 2);
  const sees = (from: number, to: number): boolean => {
    // A ring of three with a reach of one would be whole.
    if (count === 3) return to - from === 1;
    const apart = Math.min(to - from, count - (to - from));
    return apart <= reach || isAcross(apart);
  };
  const pairs = ring.flatMap((a, from) => ring.slice(from + 1).map((b, index) => ({a, b, from, to: from + 1 + index})));
  return {
    cut: pairs.filter(({from, to}) => !sees(from, to)).map(({a, b}) => [a, b] as const),
    described: count === 3 ? `a row: ${ring.join(' - ')}` : `a ring: ${[...ring, ring[0]].join(' - ')}`,
  };
}
