import type {ErrorData} from '../errors.ts';
import type {ProxyCounters, ToxicKind} from '../fabric/fabric.ts';
import type {LoadOrder, SystemProbe} from '../faults/experiments/ports.ts';
import type {FaultRecord, FaultRequest} from '../faults/fault.ts';
import type {CheckEvent, Phase} from '../labs/check-event.ts';
import type {TimedFault} from '../labs/lab.ts';
import type {Answer, PredictionMoment, Question} from '../labs/predict/question.ts';
import type {CheckResult} from '../labs/verdict.ts';
import type {LoadSummary} from '../load/load.ts';
import type {Losses} from '../observe/losses.ts';
import type {RouteMetrics} from '../observe/metric-store.ts';
import type {TraceFilter} from '../observe/trace-store.ts';
import type {TraceSummary} from '../observe/trace-summary.ts';
import type {TraceTree} from '../observe/trace-tree.ts';
import type {EngineRecord, RuntimeName} from '../runtime/runtime.ts';
import type {BrokerEngine} from '../topology/topology.ts';

export type {CheckEvent, Phase} from '../labs/check-event.ts';

/**
 * What the CLI and the screen say to the controller over its unix socket: JSON objects, one a line. The first message is `hello`. It
 * shows the token that the controller keeps in its lock file, which code under test cannot read; its answer carries the session and the
 * version, and a client that expected another session closes.
 *
 *     -> {"id":1,"method":"check","params":{"lab":"p2-04-no-lost-events"}}
 *     <- {"id":1,"event":{"type":"phase","phase":"baseline","text":"…"}}      (any number)
 *     <- {"id":1,"result":{…}}  or  {"id":1,"error":{"code","message","fix"}}
 *
 * A client that closes its connection ends what it asked for (a check, a load, a subscription), never the system.
 */
export interface Methods {
  hello: {
    params: {workspace: string; token: string; session?: string};
    event: never;
    result: {session: string; version: string; pid: number; workspace: string};
  };
  up: {params: UpOptions; event: ProgressEvent; result: StatusReport};
  down: {params: Record<string, never>; event: ProgressEvent; result: {stopped: number}};
  status: {params: Record<string, never>; event: never; result: StatusReport};
  /** Status once a second until the client leaves. */
  watch: {
    params: Record<string, never>;
    event: {type: 'status'; status: StatusReport; counters: readonly ProxyCounters[]};
    result: null;
  };
  check: {params: CheckOptions; event: CheckEvent; result: CheckResult};
  /** The question that is due before `break`, or the one that a pass asks; null where there is none. */
  'predict.ask': {
    params: {lab: string; labs?: string; moment: PredictionMoment; seed?: number};
    event: never;
    result: AskedPrediction | null;
  };
  /** Seals the answer, as it was typed, to the question of this seed. */
  'predict.seal': {
    params: {lab: string; labs?: string; moment: PredictionMoment; seed: number; answer: string};
    event: never;
    result: AskedPrediction;
  };
  /** The attack alone, shown rather than judged. Where a prediction is due, it is sealed first: PREDICTION_NEEDED. */
  break: {params: {lab: string; labs?: string; seed?: number}; event: CheckEvent; result: BreakResult};
  /** `owned`: it ends with this connection, however that ends. */
  'chaos.inject': {
    params: {request: FaultRequest; dryRun?: boolean; owned?: boolean};
    event: ProgressEvent;
    result: FaultRecord;
  };
  'chaos.list': {params: {all?: boolean}; event: never; result: readonly FaultRecord[]};
  'chaos.clear': {params: {id?: string}; event: never; result: readonly FaultRecord[]};
  load: {params: LoadOptions; event: {type: 'summary'; summary: LoadSummary}; result: LoadSummary};
  'telemetry.traces': {
    params: TraceFilter;
    event: never;
    result: {readonly traces: readonly TraceSummary[]; readonly losses: Losses};
  };
  /** By its id, or how that begins. */
  'telemetry.trace': {params: {id: string}; event: never; result: TraceTree};
  /** Null: since the services have started. */
  'telemetry.metrics': {
    params: {windowMs: number | null};
    event: never;
    result: {readonly routes: readonly RouteMetrics[]; readonly losses: Losses};
  };
  /** Keeps the system for an experiment until the client leaves; no check and no other load runs meanwhile. */
  'experiment.hold': {params: {title: string}; event: HoldEvent; result: null};
  /**
   * A load of the experiment that holds the system. It is prepared, waits for `experiment.start` with its key, and is answered when it is
   * over.
   */
  'experiment.load': {
    params: {key: string; order: LoadOrder};
    event: {type: 'prepared'} | {type: 'started'; ledgerFile: string};
    result: LoadSummary;
  };
  'experiment.start': {params: {key: string}; event: never; result: null};
  /** `since`: what is older is left out, unix ms. */
  'experiment.probe': {params: {probe: SystemProbe; since: number}; event: never; result: unknown};
}
export type MethodName = keyof Methods;

export interface UpOptions {
  readonly runtime?: RuntimeName;
  /** Where the containers of the docker and swarm runtimes are to run. Without it: the engine that the controller's own environment names. */
  readonly engine?: EngineRecord;
  /** Engine of the broker. Without it: what the topology's links are declared with. */
  readonly broker?: BrokerEngine;
  readonly replicas?: Readonly<Record<string, number>>;
  /** Topology as parsed from `--topology FILE`. */
  readonly topology?: unknown;
  /** Gateway port asked for; taken is an error. Without it: 4000 or the next free one. */
  readonly port?: number;
  /** Port of the Toxiproxy API; taken is an error. Without it: there is none, or the one that there is stays. */
  readonly toxiproxyApi?: number;
  /** Endpoint of a collector that is sent traces and metrics as well. Without it: what was named before stays. */
  readonly otlp?: string;
}

export interface CheckOptions {
  readonly lab: string;
  /** Folder of labs besides those that come with teralab; absolute. */
  readonly labs?: string;
  readonly seed?: number;
  readonly task?: string;
  readonly quick?: boolean;
  /** Folder whose files replace the learner's (`labs verify`, `demo`): `start`, `solution`, `wrong/NAME`. Never recorded as progress. */
  readonly variant?: string;
  /** Instead of the lab's own timetable. Never recorded as progress. */
  readonly faults?: readonly TimedFault[];
  /** Somebody's schedule, with the lab's own timetable too: never recorded as progress, and nothing is asked. */
  readonly schedule?: boolean;
  /** With `variant`: what decides the run and ends it early, as of `labs verify`; `hold` ends nothing, and minds what is undone. */
  readonly decisive?: {readonly task: string; readonly code: string} | 'any' | 'hold';
}

export interface AskedPrediction {
  readonly moment: PredictionMoment;
  /** Of the run that the question is about. */
  readonly seed: number;
  readonly question: Question;
  readonly sealed: Answer | null;
}

export interface LoadOptions {
  readonly ratePerSecond: number;
  readonly durationMs: number;
  readonly profile: string;
  readonly seed?: number;
}

export interface ProgressEvent {
  readonly type: 'progress';
  readonly text: string;
  /** 0..1, where it is known. */
  readonly share?: number;
}

export interface BreakResult {
  readonly lab: string;
  readonly seed: number;
  readonly runtime: RuntimeName;
  readonly summary: readonly string[];
  readonly durationMs: number;
}

export type NodeState = 'starting' | 'ready' | 'degraded' | 'paused' | 'crashed' | 'stopped';

export interface NodeStatus {
  readonly name: string;
  readonly service: string;
  readonly state: NodeState;
  /** `http://127.0.0.1:…` of a service; `postgres://…` without a password of a database. */
  readonly url: string;
  readonly pid?: number;
  readonly container?: string;
  readonly restarts: number;
  readonly rssBytes?: number;
  /** Time of a core that it has used since it was started, ms. */
  readonly cpuMs?: number;
}

/** A declared link. `address` is its first listener; `proxies` are all of them. */
export interface LinkStatus {
  readonly name: string;
  readonly address: string;
  readonly toxics: readonly {readonly id: string; readonly kind: ToxicKind}[];
  readonly proxies: readonly {
    readonly name: string;
    readonly address: string;
    readonly listening: boolean;
    readonly toxics: readonly string[];
  }[];
  /** Of all its proxies, since they were opened; probes are left out. */
  readonly traffic: {
    readonly connections: {readonly open: number; readonly total: number; readonly failed: number};
    /** Towards the callee, and back. */
    readonly bytes: {readonly upstream: number; readonly downstream: number};
  };
  readonly http?: {
    readonly p50: number;
    readonly p99: number;
    readonly ratePerSecond: number;
    readonly errorShare: number;
  };
}

/** `stopped`: all faults were cleared, and whoever holds the system is to inject no more. */
export type HoldEvent = {readonly type: 'held'; readonly runtime: RuntimeName} | {readonly type: 'stopped'};

/** The document of `teralab status --json` and `teralab up --json`. */
export interface StatusReport {
  readonly session: string;
  readonly workspace: string;
  readonly runtime: RuntimeName;
  readonly controller: {readonly pid: number};
  readonly agent: {readonly thread: string} | {readonly container: string};
  readonly nodes: readonly NodeStatus[];
  readonly links: readonly LinkStatus[];
  readonly faults: readonly FaultRecord[];
  /** Lab and phase of a check that is running, or null. */
  readonly check: {readonly lab: string; readonly phase: Phase} | null;
  /** `toxiproxyApi`: where it was asked for. */
  readonly urls: {readonly gateway: readonly string[]; readonly toxiproxyApi?: string};
  /** Lines to copy: `psql …`, `curl …`. */
  readonly connect: readonly string[];
}

export type ClientMessage = {readonly id: number; readonly method: string; readonly params: unknown};
export type ServerMessage =
  | {readonly id: number; readonly event: unknown}
  | {readonly id: number; readonly result: unknown}
  | {readonly id: number; readonly error: ErrorData};
