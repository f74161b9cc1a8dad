import {NO_DISK_SIZE} from '../runtime/disturbance.ts';
import type {FaultAttribute, FaultInfo} from './catalogue.ts';

const DAY_MS = 86_400_000;
const NODES = 'a node, or a service: all its nodes';
const CONTAINERS = ['docker', 'swarm'] as const;
const CONTAINERS_WHY = 'only containers have limits and a network of their own';
/** The least that an engine takes. */
const MEMORY_BYTES_MIN = 6_291_456;
const MEMORY_BYTES_MAX = 64_000_000_000;

const direction: FaultAttribute = {
  name: 'direction',
  type: 'choice',
  choices: ['in', 'out', 'both'],
  default: 'both',
  meaning: 'packets to the node, from it, or both',
};

/** Faults that leave a node running, on other terms. */
export const DISTURBANCES: readonly FaultInfo[] = [
  {
    kind: 'throttle',
    acts: 'nodes',
    runtimes: CONTAINERS,
    runtimesWhy: CONTAINERS_WHY,
    targets: NODES,
    does: 'limits the CPU time that it gets',
    attributes: [{name: 'cpu', type: 'number', required: true, range: [0.01, 1], meaning: 'share of one core'}],
    example: 'teralab chaos throttle identity-1 --cpu 0.05 --for 30s',
  },
  {
    kind: 'memory',
    acts: 'nodes',
    runtimes: CONTAINERS,
    runtimesWhy: CONTAINERS_WHY,
    targets: NODES,
    does: 'limits the memory that it may use; of what is over the limit the kernel takes back what it can, and kills the node where that is not enough',
    attributes: [
      {
        name: 'limit',
        type: 'number',
        unit: 'bytes',
        required: true,
        range: [MEMORY_BYTES_MIN, MEMORY_BYTES_MAX],
        meaning: 'memory that it may use in all',
      },
    ],
    example: 'teralab chaos memory identity-1 --limit 96MB --for 30s',
  },
  {
    kind: 'skew',
    acts: 'nodes',
    servicesOnly: true,
    servicesOnlyWhy: 'databases read the time of the machine, which others live by too',
    targets: `${NODES}; services of the lab only`,
    does: 'puts its wall clock wrong: tokens, deadlines and logs follow, monotonic time does not',
    attributes: [
      {
        name: 'offset',
        type: 'number',
        unit: 'ms',
        default: 0,
        range: [-DAY_MS, DAY_MS],
        meaning: 'how far it is ahead; negative: behind',
      },
      {
        name: 'drift',
        type: 'number',
        default: 0,
        range: [-0.5, 10],
        meaning: 'what it gains on top with every second, in seconds; negative: loses',
      },
    ],
    example: 'teralab chaos skew identity-1 --offset -2m --for 30s',
  },
  {
    kind: 'packet-loss',
    acts: 'nodes',
    runtimes: CONTAINERS,
    runtimesWhy: CONTAINERS_WHY,
    targets: NODES,
    does: 'loses a share of its IP packets, drawn for each; what opens a connection among them',
    attributes: [
      {name: 'loss', type: 'number', required: true, range: [0, 1], meaning: 'share of the packets that are lost'},
      direction,
    ],
    example: 'teralab chaos packet-loss identity-1 --loss 0.2 --for 30s',
  },
  {
    kind: 'ip-partition',
    acts: 'nodes',
    runtimes: CONTAINERS,
    runtimesWhy: CONTAINERS_WHY,
    targets: NODES,
    does: 'cuts it off below TCP: no packet passes, so that connections can neither be opened nor closed',
    attributes: [
      {
        name: 'mode',
        type: 'choice',
        choices: ['drop', 'reject'],
        default: 'drop',
        meaning: 'packets vanish, or their sender is told (RST, ICMP)',
      },
      direction,
    ],
    example: 'teralab chaos ip-partition broker --for 20s',
  },
  {
    kind: 'disk-full',
    acts: 'nodes',
    runtimes: [],
    runtimesWhy: NO_DISK_SIZE,
    targets: `${NODES}; databases and the broker only`,
    does: 'fills its disk, so that writes fail',
    attributes: [],
    example: 'teralab chaos disk-full identity-db --for 20s',
  },
];
