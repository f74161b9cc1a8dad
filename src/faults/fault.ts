import type {ToxicAttributes, ToxicKind} from '../fabric/fabric.ts';

/** What `teralab chaos <kind>` takes: the toxics, cuts between sets of nodes, and faults of nodes. */
export const LINK_FAULTS = [
  'latency',
  'blackhole',
  'reset',
  'refuse',
  'drop-reply',
  'bandwidth',
  'timeout',
  'cutoff',
  'slow-open',
  'slow-close',
  'slice',
  'limit',
  'reply-status',
] as const;
export const CUT_FAULTS = ['partition', 'isolate', 'bridge', 'majorities-ring'] as const;
export const NODE_FAULTS = [
  'crash',
  'pause',
  'restart',
  'crash-point',
  'throttle',
  'memory',
  'skew',
  'packet-loss',
  'ip-partition',
  'disk-full',
  'busy',
  'leak',
  'redeliver',
  'reorder',
] as const;
/** `noop` does nothing; only the control API puts it on. */
export type FaultKind =
  | (typeof LINK_FAULTS)[number]
  | (typeof CUT_FAULTS)[number]
  | (typeof NODE_FAULTS)[number]
  | 'noop';

/** A fault as it is asked for. */
export interface FaultRequest {
  readonly kind: FaultKind;
  /** Nodes, services, links (`gateway->identity`, `identity->*`) or `random`. A partition separates these from all other nodes; `a|b` separates the two sets. */
  readonly target: string;
  readonly attributes: ToxicAttributes;
  /** How long it lasts, ms; `undefined`: until it is cleared. */
  readonly forMs: number | undefined;
  readonly seed: number;
  /** Who wants it and why: `chaos`, `lab p2-04-no-lost-events`. */
  readonly reason: string;
}

/** What was measured after injecting or healing. */
export interface FaultEffect {
  /** `bites`: measured. `none`: measured, and nothing was disturbed. `pending`: shows only in traffic that has not come yet. */
  readonly verdict: 'bites' | 'none' | 'pending';
  /** One sentence with figures: `round trip 0.6 ms -> 101.2 ms (5 probes)`. */
  readonly observed: string;
}

/** Who ended a fault. */
export type EndedBy = 'time' | 'clear' | 'heal' | 'check' | 'down';

/** A fault in the record. Written before it is applied, with what undoes it. */
export interface FaultRecord {
  readonly id: string;
  /** What its owner calls it, where that is not the id. */
  readonly name?: string;
  readonly kind: FaultKind;
  readonly target: string;
  readonly attributes: ToxicAttributes;
  readonly seed: number;
  readonly reason: string;
  /** What it touches: proxies (`gateway-1->identity-1`) and nodes. */
  readonly proxies: readonly string[];
  readonly nodes: readonly string[];
  /** Of a cut whose sides were drawn: who is on which. */
  readonly shape?: string;
  /** How to undo it, in a word that the record's reader understands: `remove-toxic`, `resume`, `start`, `disarm`, `calm` (as before the first disturbance of this kind), `none`. */
  readonly undo: 'remove-toxic' | 'resume' | 'start' | 'disarm' | 'calm' | 'none';
  readonly toxic?: ToxicKind;
  readonly state: 'planned' | 'active' | 'ended' | 'failed';
  readonly plannedAt: number;
  readonly appliedAt?: number;
  /** When it will end by itself, unix ms; null: not before it is cleared. */
  readonly endsAt: number | null;
  readonly endedAt?: number;
  readonly endedBy?: EndedBy;
  readonly effect?: FaultEffect;
  readonly healed?: FaultEffect;
  /** Of crash points: how many hits were planned, and how many there were. */
  readonly hits?: {readonly planned: number; readonly actual: number};
}
