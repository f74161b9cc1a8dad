import type {Broker} from '../../services/kit/broker.ts';
import type {Row} from '../../services/kit/database.ts';
import type {KeyValue} from '../../services/kit/key-value.ts';
import type {Fabric} from '../fabric/fabric.ts';
import type {FaultRecord, FaultRequest} from '../faults/fault.ts';
import type {LoadDriver} from '../load/load.ts';
import type {Random} from '../random.ts';
import type {RuntimeName} from '../runtime/runtime.ts';
import type {Topology} from '../topology/topology.ts';
import type {CrashPointSeries} from './lab.ts';

/** Something that happened to a node, as the controller saw it. */
export interface NodeEvent {
  readonly at: number;
  readonly node: string;
  readonly type:
    | 'started'
    | 'ready'
    | 'exited'
    | 'restarting'
    | 'unready'
    | 'unresponsive'
    | 'paused'
    | 'resumed'
    | 'seam-error'
    | 'exit-called'
    | 'crash-point'
    | 'ran-while-paused'
    | 'tampering';
  readonly detail: string;
}

/** A connection past the links. */
export interface Bypass {
  readonly node: string;
  /** `stream-1 itself`, or the link of somebody else: `the link identity-2->identity-db`. */
  readonly to: string;
}

/** A built learner's module, ready to be loaded by a service. */
export interface BuiltSeam {
  readonly service: string;
  readonly seam: string;
  readonly file: string;
}

/** What became of a series of crash points. */
export interface CrashSeriesOutcome {
  /** Hits in order, as the nodes reported them before they died. */
  readonly hits: readonly {readonly node: string; readonly point: string; readonly at: number}[];
}

/** What a lab's run asks of the running system. The controller implements it. */
export interface LabSystem {
  readonly runtime: RuntimeName;
  readonly fabric: Fabric;
  readonly load: LoadDriver;
  /** Base URLs of the gateways, through their `client->gateway` links, as the load driver reaches them. */
  gatewayUrls(): readonly string[];
  /** The same, as this process reaches them. */
  publicUrls(): readonly string[];
  /** What is declared of the system as it is now. */
  topology(): Topology;
  /** Whether it has this shape; undefined: as it was started. A lab before may have given it another. */
  hasShape(topology: Topology | undefined): boolean;
  /** Nodes of a service. */
  nodesOf(service: string): readonly string[];
  /**
   * A fresh system for a run: all faults healed, services stopped, their data and the broker's emptied, then started again
   * with this shape, these replicas and seams and ready. Databases keep running. A seam that cannot be loaded is returned, not thrown.
   */
  reset(options: {
    /** Default: the one that the system was started with. */
    readonly topology: Topology | undefined;
    readonly replicas: Readonly<Record<string, number>>;
    readonly seams: readonly BuiltSeam[];
    /** Nodes that are not started, and not waited for. */
    readonly later?: readonly string[];
    readonly say: (line: string) => void;
  }): Promise<readonly NodeEvent[]>;
  /** Reads a node's Postgres past the fabric, as the lab's own role. */
  sql<R extends Row = Row>(node: string, text: string, parameters?: readonly unknown[]): Promise<readonly R[]>;
  /** URL of a node's Postgres past the fabric, for the lab's own role. */
  databaseUrl(node: string): string;
  /** The broker, past the fabric. */
  broker(): Promise<Broker>;
  /** A space of keys and values on the broker, past the fabric. */
  space(name: string): Promise<KeyValue>;
  /** Starts a node that `reset` was told to keep for later, with the seams of its service. */
  startNode(name: string): Promise<void>;
  /** Restarts a node as another release of its service, with the seams that it had. Errors: NODE_NOT_READY. */
  releaseNode(name: string, release: string): Promise<void>;
  inject(request: FaultRequest): Promise<FaultRecord>;
  /**
   * Runs a series of crash points from now on (`fromMs` has passed already): ends with its last hit, or when `signal` aborts, which
   * is no error; then whatever is armed is disarmed.
   */
  runCrashSeries(
    series: CrashPointSeries,
    options: {readonly random: Random; readonly reason: string; readonly signal: AbortSignal},
  ): Promise<CrashSeriesOutcome>;
  clear(id: string): Promise<FaultRecord>;
  clearAll(): Promise<void>;
  faults(): readonly FaultRecord[];
  /** Everything that happened to nodes since a point in time (unix ms). */
  events(since: number): readonly NodeEvent[];
  /** Connections of services, now, that are none of their links: to another node itself, or over another node's link. Empty where that cannot be seen. */
  bypasses(): readonly Bypass[];
  /** The last lines of a node's log, over its restarts. */
  logTail(node: string, lines: number): Promise<readonly string[]>;
  /** Settles when every node is ready; rejects NODE_NOT_READY after the bound. */
  ready(withinMs: number): Promise<void>;
}
