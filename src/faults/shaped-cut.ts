import {LabError} from '../errors.ts';
import {createRandom} from '../random.ts';
import type {Plan, PlannedProxy} from '../topology/plan.ts';
import type {FaultKind} from './fault.ts';
import {bridge, majoritiesRing, SHAPE_NODES_MIN, type Shape} from './shapes.ts';

/** Only declared links exist, and few nodes may have few between them: so many arrangements are drawn until one cuts something. */
const DRAWS_MAX = 200;

const SHAPES: Readonly<Partial<Record<FaultKind, typeof bridge>>> = {
  bridge,
  'majorities-ring': majoritiesRing,
};

export interface ShapedCut {
  readonly proxies: readonly PlannedProxy[];
  /** Who is on which side, in words. */
  readonly shape: string;
}

/** Whether the sides of this kind of cut are drawn. */
export function isShaped(kind: FaultKind): boolean {
  return SHAPES[kind] !== undefined;
}

/** Draws an arrangement of these nodes that cuts at least one link. Errors: NOT_POSSIBLE_HERE. */
export function drawShapedCut(kind: FaultKind, nodes: readonly string[], seed: number, plan: Plan): ShapedCut {
  const make = SHAPES[kind];
  if (make === undefined) throw new LabError('INTERNAL', `${kind} has no shape.`);
  if (nodes.length < SHAPE_NODES_MIN) {
    throw new LabError(
      'NOT_POSSIBLE_HERE',
      `${kind} needs ${SHAPE_NODES_MIN} nodes or more, and ${nodes.length === 0 ? 'none is' : `only ${nodes.join(', ')} ${nodes.length === 1 ? 'is' : 'are'}`} named.`,
    );
  }
  const random = createRandom(seed, kind);
  for (let draws = 0; draws < DRAWS_MAX; draws++) {
    const shape = make(nodes, random);
    const proxies = crossing(shape, plan);
    if (proxies.length > 0) return {proxies, shape: shape.described};
  }
  throw new LabError(
    'NOT_POSSIBLE_HERE',
    `No link leads from one of ${nodes.join(', ')} to another, so ${kind} has nothing to cut.`,
  );
}

function crossing({cut}: Shape, plan: Plan): readonly PlannedProxy[] {
  const apart = new Set(cut.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
  return plan.proxies.filter(({from, to}) => apart.has(`${from} ${to}`));
}
