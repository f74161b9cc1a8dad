import {LabError} from '../errors.ts';
import {
  type Disturbance,
  type DisturbanceKind,
  isDoneByKit,
  type NodeMeasure,
  type PacketDirection,
} from '../runtime/disturbance.ts';
import type {FaultRecord} from './fault.ts';
import type {FaultNodes} from './nodes.ts';

/** What a fault does to a running node; undefined for those that end it, freeze it, or act elsewhere. */
export function disturbanceOf({
  kind,
  attributes,
  seed,
  endsAt,
}: Pick<FaultRecord, 'kind' | 'attributes' | 'seed' | 'endsAt'>): Disturbance | undefined {
  switch (kind) {
    case 'throttle':
      return {kind, cpu: Number(attributes.cpu)};
    case 'memory':
      return {kind, limitBytes: Number(attributes.limit)};
    case 'skew':
      return {kind, offsetMs: Number(attributes.offset), drift: Number(attributes.drift)};
    case 'packet-loss':
      return {kind, loss: Number(attributes.loss), direction: attributes.direction as PacketDirection};
    case 'ip-partition':
      return {
        kind,
        mode: attributes.mode === 'reject' ? 'reject' : 'drop',
        direction: attributes.direction as PacketDirection,
      };
    case 'busy':
      return {kind, share: Number(attributes.share), periodMs: Number(attributes.period), endsAt};
    case 'leak':
      return {kind, bytesPerSecond: Number(attributes.rate), limitBytes: Number(attributes.limit), endsAt};
    case 'redeliver':
      return {kind, share: Number(attributes.share), seed, endsAt};
    case 'reorder':
      return {kind, window: Number(attributes.window), seed, endsAt};
    default:
      return undefined;
  }
}

/** Which faults disturb which nodes. Of several of a kind the latest counts; the node is as before when the last of them ends. */
export interface Disturbances {
  add(node: string, fault: string, disturbance: Disturbance): Promise<void>;
  /** Returns what was measured at the end, where the node is left alone from now on and tells. */
  remove(node: string, fault: string, kind: DisturbanceKind): Promise<NodeMeasure | undefined>;
  /** Ids of the faults of this kind that disturb a node. */
  of(node: string, kind: DisturbanceKind): readonly string[];
  /** Leaves every node alone that can be reached. */
  removeAll(): Promise<void>;
  stop(): void;
}

interface Disturbed {
  readonly node: string;
  readonly kind: DisturbanceKind;
  /** In the order of their coming. */
  readonly faults: Map<string, Disturbance>;
  applied?: Disturbance | undefined;
  /** Changes of it come one after the other. */
  queue: Promise<unknown>;
}

export function createDisturbances(nodes: FaultNodes): Disturbances {
  const all = new Map<string, Disturbed>();

  const find = (node: string, kind: DisturbanceKind): Disturbed => {
    const key = `${node} ${kind}`;
    const known = all.get(key);
    if (known !== undefined) return known;
    const fresh: Disturbed = {node, kind, faults: new Map(), queue: Promise.resolve()};
    all.set(key, fresh);
    return fresh;
  };

  const settle = async (disturbed: Disturbed): Promise<NodeMeasure | undefined> => {
    const {node, kind, faults, applied} = disturbed;
    const wanted = [...faults.values()].at(-1);
    // It gets it once it is ready: what is not there, or frozen, cannot be told. Frozen by the engine, it can be reached all the same.
    if (!isReachable(nodes, node, kind) || wanted === applied) return undefined;
    try {
      if (wanted !== undefined) await nodes.disturb(node, wanted);
      const last = wanted === undefined ? await nodes.calm(node, kind) : undefined;
      disturbed.applied = wanted;
      return last;
    } catch (error) {
      // It ended meanwhile: nothing is in force in what comes after it.
      if (!(error instanceof LabError && error.code === 'NODE_GONE')) throw error;
      disturbed.applied = undefined;
      return undefined;
    }
  };

  const reconcile = (disturbed: Disturbed): Promise<NodeMeasure | undefined> => {
    const done = disturbed.queue.then(() => settle(disturbed));
    disturbed.queue = done.catch(() => {});
    return done;
  };

  const unwatch = nodes.watch(({node, type}) => {
    for (const disturbed of all.values()) {
      if (disturbed.node !== node) continue;
      // What starts next is another process, or another container: nothing of this is in force there.
      if (type === 'exited') disturbed.applied = undefined;
      if (type === 'ready') reconcile(disturbed).catch(() => {});
    }
  });

  return {
    add: async (node, fault, disturbance) => {
      const disturbed = find(node, disturbance.kind);
      disturbed.faults.set(fault, disturbance);
      try {
        await reconcile(disturbed);
      } catch (error) {
        disturbed.faults.delete(fault);
        throw error;
      }
    },
    remove: async (node, fault, kind) => {
      const disturbed = find(node, kind);
      disturbed.faults.delete(fault);
      return reconcile(disturbed);
    },
    of: (node, kind) => [...(all.get(`${node} ${kind}`)?.faults.keys() ?? [])],
    removeAll: async () => {
      for (const {faults} of all.values()) faults.clear();
      await Promise.allSettled([...all.values()].map(reconcile));
    },
    stop: unwatch,
  };
}

function isReachable(nodes: FaultNodes, node: string, kind: DisturbanceKind): boolean {
  const state = nodes.state(node);
  if (state === 'crashed' || state === 'stopped') return false;
  return state !== 'paused' || !isDoneByKit(kind);
}
