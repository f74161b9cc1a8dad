/** Which way packets go, as the node sees it. */
export type PacketDirection = 'in' | 'out' | 'both';

/** What can be done to a running node beyond ending and freezing it. One of a kind is in force at a time. */
export type Disturbance =
  /** `cpu`: share of one core. */
  | {readonly kind: 'throttle'; readonly cpu: number}
  | {readonly kind: 'memory'; readonly limitBytes: number}
  /** The wall clock is off by `offsetMs`, and gains `drift` ms with every ms. */
  | {readonly kind: 'skew'; readonly offsetMs: number; readonly drift: number}
  | {readonly kind: 'packet-loss'; readonly loss: number; readonly direction: PacketDirection}
  | {readonly kind: 'ip-partition'; readonly mode: 'drop' | 'reject'; readonly direction: PacketDirection}
  | KitDisturbance;

/** What a service does to itself when it is told to. It stops by itself at `endsAt` (unix ms; null: not before it is told to), whoever is alive then. */
export type KitDisturbance = {readonly endsAt: number | null} & (
  | {readonly kind: 'busy'; readonly share: number; readonly periodMs: number}
  | {readonly kind: 'leak'; readonly bytesPerSecond: number; readonly limitBytes: number}
  | {readonly kind: 'redeliver'; readonly share: number; readonly seed: number}
  | {readonly kind: 'reorder'; readonly window: number; readonly seed: number}
);
export type KitKind = KitDisturbance['kind'];

export type DisturbanceKind = Disturbance['kind'];

/** What was seen of a node from outside of the code that it runs. */
export type NodeMeasure =
  /**
   * `share` of a core that a busy loop beside the node got, under the node's own limits; undefined where there is nothing to run one with.
   * `heldBackMs`: how long the limit has kept the node's threads from running since its start.
   */
  | {readonly kind: 'throttle'; readonly share: number | undefined; readonly heldBackMs: number}
  /** `refused`: how often the limit kept the node from memory that it wanted; undefined where the kernel does not say. */
  | {
      readonly kind: 'memory';
      readonly limitBytes: number;
      readonly usedBytes: number;
      readonly refused: number | undefined;
    }
  /** How far the node's clock is ahead, give or take `withinMs`. */
  | {readonly kind: 'skew'; readonly offsetMs: number; readonly withinMs: number}
  /** Packets that the disturbance has seen and dropped; `inForce` is false where there is none. */
  | {
      readonly kind: 'packet-loss' | 'ip-partition';
      readonly inForce: boolean;
      readonly seen: number;
      readonly dropped: number;
    }
  /** Round trips to `/livez` past all links, one every few ms for a while: how many were answered in time, and how long the slowest took. */
  | {readonly kind: 'busy'; readonly asked: number; readonly answered: number; readonly slowestMs: number}
  /** `usedBytes` as the system counts it, `heldBytes` of it leaked; undefined where the node does not say. `note`: why it is less than asked for. */
  | {
      readonly kind: 'leak';
      readonly usedBytes: number;
      readonly heldBytes: number | undefined;
      readonly note?: string;
    }
  /** Of the deliveries that came while it was in force, those that it has doubled or moved. */
  | {
      readonly kind: 'redeliver' | 'reorder';
      readonly inForce: boolean;
      readonly deliveries: number;
      readonly affected: number;
      readonly note?: string;
    };

/** The power to disturb a node. Errors of all: NODE_GONE, NOT_POSSIBLE_HERE, FAULT_FAILED. */
export interface Disturber {
  /** Puts it in force, in the place of one of its kind. */
  set(disturbance: Disturbance): Promise<void>;
  /** Makes the node as it was before the first of this kind, also when none is in force. Returns what was measured last, where that is known. */
  clear(kind: DisturbanceKind): Promise<NodeMeasure | undefined>;
  /** Undefined where nothing can be measured in this node. */
  measure(kind: DisturbanceKind): Promise<NodeMeasure | undefined>;
}

const KIT_KINDS: ReadonlySet<string> = new Set<KitKind>(['busy', 'leak', 'redeliver', 'reorder']);

/** Whether services do this to themselves. */
export function isKitKind(kind: DisturbanceKind): kind is KitKind {
  return KIT_KINDS.has(kind);
}

/** Whether it is done over the control channel of a service, by its kit, and not by an engine. */
export function isDoneByKit(kind: DisturbanceKind): kind is KitKind | 'skew' {
  return kind === 'skew' || isKitKind(kind);
}

/** Why no runtime fills a disk: a quota of the engine's file system would be needed, which hardly any engine has. */
export const NO_DISK_SIZE =
  'the disks of nodes have no size of their own, and filling one would fill the disk of the machine';
