import type {FaultAttribute, FaultInfo} from './catalogue.ts';

const SERVICES = 'a node, or a service: all its nodes; services of the lab only';
const KIT_ONLY = 'their kit does it, and databases have none';

function share(meaning: string, byDefault: number): FaultAttribute {
  return {name: 'share', type: 'number', default: byDefault, range: [0.01, 1], meaning};
}

/** Faults that services inflict upon themselves when they are told to. */
export const ORDERS: readonly FaultInfo[] = [
  {
    kind: 'busy',
    acts: 'nodes',
    servicesOnly: true,
    servicesOnlyWhy: KIT_ONLY,
    targets: SERVICES,
    does: 'blocks its event loop for a part of each period, or all the time: it answers late, or not at all',
    attributes: [
      share('part of each period for which nothing gets on; 1: one single block, until the end', 0.9),
      {
        name: 'period',
        type: 'number',
        unit: 'ms',
        default: 1_000,
        range: [10, 600_000],
        meaning: 'from the beginning of one block to that of the next',
      },
    ],
    example: 'teralab chaos busy identity-1 --share 90% --period 1s --for 30s',
  },
  {
    kind: 'leak',
    acts: 'nodes',
    servicesOnly: true,
    servicesOnlyWhy: KIT_ONLY,
    targets: SERVICES,
    does: 'takes more and more memory, holds it, and gives it back at the end; never more than a quarter of the machine, of which a tenth stays free',
    attributes: [
      {
        name: 'rate',
        type: 'number',
        unit: 'bytes',
        default: 20_000_000,
        range: [1_000, 10_000_000_000],
        meaning: 'memory that it takes in a second',
      },
      {
        name: 'limit',
        type: 'number',
        unit: 'bytes',
        default: 200_000_000,
        range: [1_000_000, 64_000_000_000],
        meaning: 'memory that it takes in all',
      },
    ],
    example: 'teralab chaos leak stream-1 --rate 20MB --limit 300MB --for 1m',
  },
  {
    kind: 'redeliver',
    acts: 'nodes',
    servicesOnly: true,
    servicesOnlyWhy: 'they are what consumes',
    targets: SERVICES,
    does: 'delivers messages of the broker to it again that it has acknowledged, as when an acknowledgement gets lost: effects must be idempotent',
    attributes: [
      share(
        'share of the deliveries that come twice, drawn for each; with one comes what is behind it in its key',
        0.2,
      ),
    ],
    example: 'teralab chaos redeliver stream --share 20% --for 30s',
  },
  {
    kind: 'reorder',
    acts: 'nodes',
    servicesOnly: true,
    servicesOnlyWhy: 'they are what consumes',
    targets: SERVICES,
    does: 'delivers messages of the broker to it in another order, drawn; messages of one key keep theirs',
    attributes: [
      {
        name: 'window',
        type: 'whole',
        default: 8,
        range: [2, 1_000],
        meaning: 'by less than so many places a message moves',
      },
    ],
    example: 'teralab chaos reorder stream --window 8 --for 30s',
  },
];
