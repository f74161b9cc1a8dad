import type {Disturbance, DisturbanceKind, NodeMeasure} from '../runtime/disturbance.ts';
import type {RuntimeAbilities} from '../runtime/runtime.ts';

export type FaultNodeState = 'starting' | 'ready' | 'degraded' | 'paused' | 'crashed' | 'stopped';

/** What the fault engine needs to hear about nodes. */
export interface FaultNodeEvent {
  readonly node: string;
  /** `ready`: it serves, after a start or after a pause. `exited`: its process is gone. `crash-point`: it is about to kill itself at `point`. */
  readonly type: 'ready' | 'exited' | 'crash-point';
  readonly point?: string;
  /** Of `exited`: the kernel ended it, because its limit left it no memory. */
  readonly outOfMemory?: boolean;
  /** Unix ms. */
  readonly at: number;
}

/** What the fault engine asks of whoever keeps the nodes running. */
export interface FaultNodes {
  /** What the runtime can do to nodes; a fault that it cannot do is refused with the reason. */
  abilities(): RuntimeAbilities;
  state(node: string): FaultNodeState;
  /** SIGKILL; supervision leaves the node down until `start`, also when it was down already. Returns when it is gone. */
  kill(node: string): Promise<void>;
  /** Ends what `kill` began. Returns once the process exists. */
  start(node: string): Promise<void>;
  /** SIGTERM, after the grace SIGKILL, then a fresh start. Returns once the new process exists. */
  restart(node: string, graceMs: number): Promise<void>;
  /** Freezes the node's present process; a process that is started later is not paused. */
  pause(node: string): Promise<void>;
  resume(node: string): Promise<void>;
  /** The node kills itself when it comes past the point for the (`skip` + 1)th time; supervision starts it again. */
  armCrashPoint(node: string, point: string, skip: number): Promise<void>;
  disarm(node: string): Promise<void>;
  /** Disturbs the node's present process, in the place of what disturbs it in the same way. */
  disturb(node: string, disturbance: Disturbance): Promise<void>;
  /** Ends what `disturb` began; harmless where nothing did. Returns what was measured last, where that is known. */
  calm(node: string, kind: DisturbanceKind): Promise<NodeMeasure | undefined>;
  /** Undefined where it cannot be measured. */
  measure(node: string, kind: DisturbanceKind): Promise<NodeMeasure | undefined>;
  /** Returns what ends the watching. */
  watch(listener: (event: FaultNodeEvent) => void): () => void;
}
