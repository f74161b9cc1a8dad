import type {FaultAttribute, FaultInfo} from './catalogue.ts';

/** How a cut treats what crosses it. */
export const cutMode: FaultAttribute = {
  name: 'mode',
  type: 'choice',
  choices: ['blackhole', 'reset', 'refuse'],
  default: 'blackhole',
  meaning: 'bytes are held until it ends, connections are reset, or connections are refused',
};

const TARGETS = 'three or more nodes, named or as services: `gateway,identity,stream`; links of others stay';

/** Cuts whose sides are drawn from the seed. Their names are Jepsen's. */
export const SHAPED_CUTS: readonly FaultInfo[] = [
  {
    kind: 'bridge',
    acts: 'cut',
    targets: TARGETS,
    does: 'cuts all links between two halves, drawn, in one step; one node, the bridge, keeps its links to both',
    attributes: [cutMode],
    example: 'teralab chaos bridge gateway,identity,stream --for 20s',
  },
  {
    kind: 'majorities-ring',
    acts: 'cut',
    targets: TARGETS,
    does: 'cuts links, in one step, so that each node sees a majority of them and no two the same one; their order is drawn',
    attributes: [cutMode],
    example: 'teralab chaos majorities-ring gateway,identity,stream --mode refuse --for 20s',
  },
];
