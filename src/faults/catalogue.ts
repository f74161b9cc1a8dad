import type {ToxicKind} from '../fabric/fabric.ts';
import type {RuntimeName} from '../runtime/runtime.ts';
import {HTTP_LINKS, LINKS, matching, stream, toxicity} from './catalogue-attributes.ts';
import {cutMode, SHAPED_CUTS} from './catalogue-cuts.ts';
import {DISTURBANCES} from './catalogue-disturbances.ts';
import {ORDERS} from './catalogue-orders.ts';
import {TOXIC_FAULTS} from './catalogue-toxics.ts';
import type {FaultKind} from './fault.ts';

/** The named points at which a service of the lab can be told to kill itself. */
export const CRASH_POINTS = [
  'before_commit',
  'after_commit_before_publish',
  'before_publish',
  'after_publish',
  'before_step',
  'after_step',
  'before_ack',
] as const;

/** One attribute of a fault, as it is given and shown. */
export interface FaultAttribute {
  readonly name: string;
  readonly meaning: string;
  /** `points`: crash points separated by commas. `match`: `{method, path}` of the requests concerned. */
  readonly type: 'number' | 'whole' | 'choice' | 'points' | 'text' | 'match';
  readonly unit?: 'ms' | 'us' | 'bytes' | 'KB/s';
  readonly required?: boolean;
  readonly default?: number | string;
  /** Smallest and largest value. */
  readonly range?: readonly [number, number];
  readonly choices?: readonly string[];
}

export interface FaultInfo {
  readonly kind: FaultKind;
  /** What it disturbs: links, all links between two sets of nodes, or nodes. */
  readonly acts: 'links' | 'cut' | 'nodes';
  readonly does: string;
  readonly targets: string;
  readonly attributes: readonly FaultAttribute[];
  readonly toxic?: ToxicKind;
  /** Only on links that speak HTTP. */
  readonly httpOnly?: boolean;
  /** Only on nodes that run a service of the lab. */
  readonly servicesOnly?: boolean;
  /** Why it cannot be done to others, where that is not plain from what it does. */
  readonly servicesOnlyWhy?: string;
  /** Where it can work at all; absent: on every runtime. None: it is known by name, and refused with the reason. */
  readonly runtimes?: readonly RuntimeName[];
  /** Why not on the others, in a clause. */
  readonly runtimesWhy?: string;
  readonly example: string;
}

const DAY_MS = 86_400_000;
const NODES = 'a node, or a service: all its nodes';

const cutAttributes: readonly FaultAttribute[] = [
  cutMode,
  {
    name: 'direction',
    type: 'choice',
    choices: ['to', 'from', 'both'],
    default: 'both',
    meaning:
      'bytes towards the target, from it, or both; with reset and refuse: calls into the target, or calls that it makes',
  },
];

/** Every fault that can be asked for: what it does, on what, and with which attributes. */
export const FAULT_CATALOGUE: readonly FaultInfo[] = [
  {
    kind: 'latency',
    acts: 'links',
    toxic: 'latency',
    targets: LINKS,
    does: 'delays what passes, in order',
    attributes: [
      {name: 'latency', type: 'whole', unit: 'ms', required: true, range: [0, 600_000], meaning: 'delay'},
      {
        name: 'jitter',
        type: 'whole',
        unit: 'ms',
        default: 0,
        range: [0, 600_000],
        meaning: 'spread of the delay, which never goes below 0',
      },
      {
        name: 'distribution',
        type: 'choice',
        choices: ['uniform', 'normal', 'pareto'],
        default: 'uniform',
        meaning: 'how the jitter is drawn',
      },
      stream('downstream'),
      toxicity,
    ],
    example: "teralab chaos latency 'gateway->identity' --latency 200ms --jitter 50ms --for 30s",
  },
  {
    kind: 'blackhole',
    acts: 'links',
    toxic: 'blackhole',
    targets: LINKS,
    does: 'lets nothing through, neither bytes nor closings, and delivers what it held when it ends',
    attributes: [stream('both'), toxicity],
    example: "teralab chaos blackhole 'gateway->stream' --for 20s",
  },
  {
    kind: 'reset',
    acts: 'links',
    toxic: 'reset_peer',
    targets: LINKS,
    does: 'resets connections (RST), existing and idle ones too',
    attributes: [
      {
        name: 'timeout',
        type: 'whole',
        unit: 'ms',
        default: 0,
        range: [0, 600_000],
        meaning: 'how long a connection lives first',
      },
      toxicity,
    ],
    example: "teralab chaos reset 'gateway->identity' --toxicity 0.01 --for 1m",
  },
  {
    kind: 'refuse',
    acts: 'links',
    toxic: 'refuse',
    targets: LINKS,
    does: 'closes the listener, so that callers get ECONNREFUSED, and resets existing connections',
    attributes: [],
    example: "teralab chaos refuse '*->broker' --for 10s",
  },
  {
    kind: 'drop-reply',
    acts: 'links',
    toxic: 'drop_reply',
    httpOnly: true,
    targets: HTTP_LINKS,
    does: "lets the request take effect, reads the callee's whole answer, and cuts the connection instead of passing it on",
    attributes: [
      {
        name: 'probability',
        type: 'number',
        default: 1,
        range: [0, 1],
        meaning: 'share of the matching answers that are dropped',
      },
      ...matching,
      toxicity,
    ],
    example: "teralab chaos drop-reply 'gateway->identity' --method POST --probability 0.2 --for 30s",
  },
  ...TOXIC_FAULTS,
  {
    kind: 'partition',
    acts: 'cut',
    does: 'cuts all links between the named nodes and all others, or between two named sets, in one step',
    targets:
      'nodes or services: `identity,stream` against all others (`client` is one of them), `identity|stream` against each other',
    attributes: cutAttributes,
    example: "teralab chaos partition 'identity|stream' --for 20s",
  },
  {
    kind: 'isolate',
    acts: 'cut',
    does: 'cuts all links from and to it, in one step',
    targets: NODES,
    attributes: cutAttributes,
    example: 'teralab chaos isolate broker --for 10s',
  },
  ...SHAPED_CUTS,
  {
    kind: 'crash',
    acts: 'nodes',
    targets: NODES,
    does: 'kills it without warning (SIGKILL), keeps it down until the end, then starts it again',
    attributes: [
      {
        name: 'restart-after',
        type: 'number',
        unit: 'ms',
        range: [0, DAY_MS],
        meaning: 'start it again after this time, where that is before the end',
      },
    ],
    example: 'teralab chaos crash identity-1 --restart-after 5s',
  },
  {
    kind: 'pause',
    acts: 'nodes',
    targets: NODES,
    does: 'freezes it (SIGSTOP): connections stay, nothing is answered',
    attributes: [],
    example: 'teralab chaos pause stream-1 --for 10s',
  },
  {
    kind: 'restart',
    acts: 'nodes',
    targets: NODES,
    does: 'stops it in order (SIGTERM, after the grace SIGKILL) and starts it again',
    attributes: [
      {
        name: 'grace',
        type: 'number',
        unit: 'ms',
        default: 10_000,
        range: [0, 600_000],
        meaning: 'time to finish what is under way',
      },
    ],
    example: 'teralab chaos restart gateway-1 --grace 5s',
  },
  {
    kind: 'crash-point',
    acts: 'nodes',
    servicesOnly: true,
    targets: `${NODES}; services of the lab only`,
    does: 'lets it kill itself exactly at a named point in its work; one node is armed at a time, and again once all are ready',
    attributes: [
      {
        name: 'point',
        type: 'points',
        required: true,
        choices: CRASH_POINTS,
        meaning: 'where; several separated by commas are drawn from',
      },
      {name: 'times', type: 'whole', default: 1, range: [1, 1000], meaning: 'how often'},
      {
        name: 'skip',
        type: 'whole',
        default: 0,
        range: [0, 100_000],
        meaning: 'times that it comes past the point unharmed first',
      },
      {
        name: 'skip-max',
        type: 'whole',
        range: [0, 100_000],
        meaning: 'draw that number anew each time, from 0 to this',
      },
      {
        name: 'since-ready',
        type: 'number',
        unit: 'ms',
        default: 0,
        range: [0, 600_000],
        meaning: 'how long a node has to have been ready before it is armed',
      },
    ],
    example: 'teralab chaos crash-point identity --point after_commit_before_publish --times 3 --for 1m',
  },
  ...DISTURBANCES,
  ...ORDERS,
];
