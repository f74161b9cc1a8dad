import type {Address} from '../topology/address.ts';
import type {PlannedNode} from '../topology/plan.ts';
import type {BrokerEngine} from '../topology/topology.ts';
import type {Disturber} from './disturbance.ts';

export type RuntimeName = 'process' | 'docker' | 'swarm';

/** How a node ended. `crash-point` names the point where it was told to kill itself. */
export interface NodeExit {
  readonly how: 'stopped' | 'killed' | 'exited' | 'crash-point';
  readonly code: number | null;
  readonly signal: string | null;
  readonly point?: string;
  /** The kernel ended it, because its limit left it no memory. */
  readonly outOfMemory?: boolean;
  /** When it was seen to be gone, unix ms. */
  readonly at: number;
}

/** What a node says about itself over its control channel. Never evidence for a verdict, except hits of armed crash points. */
export type NodeReport =
  | {readonly type: 'crash-point'; readonly point: string; readonly at: number}
  | {
      readonly type: 'seam-error';
      readonly seam: string;
      readonly file: string;
      readonly line?: number;
      readonly message: string;
    }
  | {readonly type: 'exit-called'; readonly code: number; readonly stack: string}
  | {readonly type: 'config-error'; readonly message: string}
  | {readonly type: 'tampering'; readonly what: string};

/** What to start a node with. */
export interface StartOptions {
  /** Environment on top of what the runtime itself sets; secrets go here, never into arguments. */
  readonly env: Readonly<Record<string, string>>;
  /** For services: addresses of callees, by service name, in order of their nodes. Each is a listener of the fabric. */
  readonly links: Readonly<Record<string, readonly LinkAddress[]>>;
  /** For services: files of built seam modules, by seam name. A seam that is not named runs its default. */
  readonly seams: Readonly<Record<string, string>>;
}

export interface LinkAddress {
  /** The callee node. */
  readonly node: string;
  readonly address: Address;
}

/** A started node. Disposing it stops it, so `await using` cannot leak one. */
export interface RunningNode extends AsyncDisposable {
  readonly name: string;
  readonly service: string;
  readonly address: Address;
  /** Process id, or container id. */
  readonly pid?: number;
  readonly container?: string;
  readonly startedAt: number;
  /** Settles when the node is gone, however it went. */
  readonly exited: Promise<NodeExit>;
  /** SIGTERM, and after the grace (ms) SIGKILL. */
  stop(graceMs?: number): Promise<void>;
  /** Stops the node without warning, as a crash would. Returns when it is gone. */
  kill(): Promise<void>;
  /** Freezes the node: it keeps its connections and answers nothing. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Whether it has run since it was paused, because somebody woke it. Absent where nobody but the lab can. */
  ranWhilePaused?(): boolean;
  /** Arms a crash point: the node kills itself when it comes past it for the (`skip` + 1)th time from now. */
  armCrashPoint(point: string, skip: number): Promise<void>;
  disarmCrashPoints(): Promise<void>;
  /** The power to do more to it; absent where the runtime can do nothing more to such a node. */
  readonly disturber?: Disturber;
  onReport(listener: (report: NodeReport) => void): void;
  /** Resident memory and CPU time so far, or undefined when the node is gone. */
  stats(): Promise<{readonly rssBytes: number; readonly cpuMs: number} | undefined>;
  /** The last lines that the node wrote. */
  logTail(lines: number): Promise<readonly string[]>;
}

/** Connection data of a Postgres node, for the lab's own reads and for `status`. */
export interface PostgresAccess {
  readonly address: Address;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** What the next command needs to find an engine again, and what a killed session has left there. Plain data. */
export interface EngineRecord {
  readonly host: string;
  readonly certificates?: string;
  readonly source: string;
  /** Where the engine manages a swarm: ids of the machines on which the session has made something, or was about to. */
  readonly machines?: readonly string[];
}

/** An agent in a container, and how to speak to it. */
export interface AgentAccess {
  readonly address: Address;
  /** The name by which nodes reach it. */
  readonly host: string;
  readonly token: string;
  readonly container: string;
  /** Settles when its container has ended, where that can be seen from here. */
  readonly ended?: Promise<unknown>;
}

/** Connection data of a broker node, for the lab's own reads, for `status`, and for services, which use it with another address. */
export interface BrokerAccess {
  readonly engine: BrokerEngine;
  readonly address: Address;
  readonly user: string;
  readonly password: string;
  /** Where the engine has several. */
  readonly database?: string;
}

/** How a roll-out ended: with the new node, or with the old one as it was, which has served all along. */
export type RollOut =
  | {readonly outcome: 'replaced'; readonly node: RunningNode}
  | {readonly outcome: 'rolled-back'; readonly reason: string};

/** Where nodes run. One contract suite runs against every adapter. */
export interface Runtime {
  readonly name: RuntimeName;
  /**
   * Prepares what all nodes need (binaries, images, networks). `say` gets one line per step that takes time. Addresses and passwords are
   * known when it returns; what a single node needs may still be under way, and starting that node waits for it.
   */
  prepare(nodes: readonly PlannedNode[], say: (line: string) => void): Promise<void>;
  /** Starts a node and returns as soon as it exists; readiness is the caller's to wait for. Its address stays the same over restarts. */
  start(node: PlannedNode, options: StartOptions): Promise<RunningNode>;
  /**
   * Gives a running service other options by the engine's own rolling update: a new node is started beside the old one, which serves until
   * the new one is healthy, and goes on when that never is. The old one's end is one by itself. Absent where no engine has this power.
   */
  rollOut?(node: PlannedNode, options: StartOptions): Promise<RollOut>;
  /** The address that a node has or will have, as the lab itself reaches it. */
  address(node: string): Address;
  /**
   * The path of a unix socket that all nodes can reach, by a name of its own. Absent where they share no files: then there are no sidecars.
   */
  socket?(name: string): string;
  /** The same node, as the fabric reaches it. */
  upstream(node: string): Address;
  /** A listener of the fabric, as programs outside of the system reach it; undefined where they cannot. */
  outside(listener: Address): Address | undefined;
  /** The agent that `prepare` has started, where it is not a part of this process. */
  agent?(): AgentAccess;
  /**
   * Which of these ports services are connected to now, one entry for each connection. Absent where the lab cannot see it.
   */
  connections?(ports: ReadonlySet<number>): readonly {readonly node: string; readonly port: number}[];
  /** How the lab itself reads a Postgres node, past the fabric; a broker too, where it runs on Postgres. */
  postgres(node: string): PostgresAccess;
  /** How the lab itself reaches a broker node, past the fabric. */
  broker(node: string): BrokerAccess;
  /** File that holds a node's log. */
  logFile(node: string): string;
  /** What this runtime can do; a fault that it cannot do is refused with the reason. */
  describe(): RuntimeAbilities;
  /** Told while the nodes still run that they are going to be stopped for good: what can be done for the next session is done. Never rejects. */
  beforeDown?(): Promise<void>;
  /** Ends everything that is still running and frees what `prepare` took. `say` is told of what cannot be removed before later. */
  down(say?: (line: string) => void): Promise<void>;
}

export interface RuntimeAbilities {
  /** Faults that are not possible here, each with the reason in a sentence. */
  readonly missing: Readonly<Record<string, string>>;
}
