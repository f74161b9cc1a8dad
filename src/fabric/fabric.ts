import type {Address} from '../topology/address.ts';

export const TOXIC_KINDS = [
  'latency',
  'bandwidth',
  'timeout',
  'blackhole',
  'cutoff',
  'reset_peer',
  'slow_close',
  'slow_open',
  'slicer',
  'limit_data',
  'refuse',
  'drop_reply',
  'reply_status',
  'noop',
] as const;
export type ToxicKind = (typeof TOXIC_KINDS)[number];
export type Stream = 'upstream' | 'downstream' | 'both';
export type ToxicAttributes = Readonly<
  Record<string, number | string | {readonly method?: string; readonly path?: string}>
>;

/** One listener to open: a link for one pair of nodes. */
export interface ProxySpec {
  /** `gateway-1->identity-2`. */
  readonly name: string;
  /** The declared link: `gateway->identity`. */
  readonly link: string;
  readonly from: string;
  readonly to: string;
  readonly protocol: 'http' | 'postgres' | 'nats' | 'tcp';
  readonly upstream: Address;
  /** Address of this machine to listen on; default: where the fabric listens. */
  readonly host?: string;
  /** A port that was asked for; otherwise a free one outside the kernel's ephemeral range is chosen. */
  readonly port?: number;
  /** Ports to try in order when `port` is not given (the gateway's 4000, 4001, …). */
  readonly preferredPort?: number;
}

export interface OpenProxy {
  readonly name: string;
  readonly address: Address;
}

/** A toxic to put on proxies. One toxic on several proxies is one fault, applied in one step. */
export interface ToxicSpec {
  /** Unique; the id of the fault that it belongs to. */
  readonly id: string;
  readonly kind: ToxicKind;
  readonly proxies: readonly string[];
  readonly stream: Stream;
  /** Share of connections that it applies to, 0..1; decided once per connection from the seed. */
  readonly toxicity: number;
  readonly seed: number;
  readonly attributes: ToxicAttributes;
  /** It ends by itself at this time (unix ms), whoever is still alive; absent: until it is removed. */
  readonly endsAt?: number;
}

export interface ToxicState extends ToxicSpec {
  readonly appliedAt: number;
  /** Connections that it has applied to, and chunks, replies or connections that it has delayed, held, reset or dropped so far. */
  readonly touched: {readonly connections: number; readonly actions: number};
}

export interface ProxyCounters {
  readonly name: string;
  readonly link: string;
  readonly from: string;
  readonly to: string;
  readonly address: Address;
  readonly upstream: Address;
  /** `closed`: the callee is known to be down, or a `refuse` toxic is in force. */
  readonly listening: boolean;
  readonly connections: {readonly open: number; readonly total: number; readonly failed: number};
  /** Passed on: to the upstream, and back to its callers. */
  readonly bytes: {readonly upstream: number; readonly downstream: number};
  /** Read: from callers (towards the upstream), and from the upstream. */
  readonly received: {readonly upstream: number; readonly downstream: number};
  /** HTTP proxies: answers of the last ten seconds. Latency in ms as the caller of the link sees it. */
  readonly http?: {
    readonly requests: number;
    readonly errors: number;
    readonly p50: number;
    readonly p99: number;
    readonly ratePerSecond: number;
  };
  readonly toxics: readonly {readonly id: string; readonly kind: ToxicKind}[];
}

/** One connection that is open now. */
export interface ConnectionState {
  /** Its number on its proxy. */
  readonly id: string;
  /** When it came, unix ms. */
  readonly since: number;
  /** Where it comes from. */
  readonly client: Address;
  /** Passed on so far. */
  readonly bytes: {readonly upstream: number; readonly downstream: number};
  /** Ids of the toxics that apply to it. */
  readonly toxics: readonly string[];
}

/** What is changed in one step. */
export interface FabricChange {
  /** A toxic that is in `remove` too is changed in place: it keeps its place in the stack, its draws and what it has counted. */
  readonly add?: readonly ToxicSpec[];
  readonly remove?: readonly string[];
  /** Proxies to open. One that is there already is changed: another listener, another upstream; its connections are closed. */
  readonly open?: readonly ProxySpec[];
  readonly close?: readonly string[];
}

/** One request that passed an HTTP proxy, judged from outside: what "attempts", "probes" and "calls per page" are counted from. */
export interface RequestLogEntry {
  readonly proxy: string;
  readonly link: string;
  readonly from: string;
  readonly to: string;
  /** When its first byte came, unix ms with fractions. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** null: no answer passed. */
  readonly status: number | null;
  readonly durationMs: number;
  /** Why no answer passed: the toxic took it, or a side closed. */
  readonly lost?: 'drop_reply' | 'reset' | 'closed';
  /** The caller closed its side this long after the request began, ms: it did not wait for the end of the answer, which may have come all the same. */
  readonly abandonedMs?: number;
  /** The answer was a toxic's own: `before` the callee saw the request, or `after` it had answered. */
  readonly injected?: 'before' | 'after';
  readonly idempotencyKey?: string;
  readonly traceparent?: string;
}

/** A round trip of the fabric's own through a proxy: HTTP `GET /livez`, Postgres `SSLRequest`, NATS the end of a
 * connection after the server's INFO. Left out of counters and logs. */
export interface ProbeResult {
  readonly proxy: string;
  readonly answered: number;
  readonly failed: number;
  /** Median round trip of the answered ones, ms. */
  readonly medianMs: number | null;
  /** How the failed ones failed: `ECONNREFUSED`, `ECONNRESET`, `timeout`, `closed`, `cut` (closed after it had answered). */
  readonly failures: Readonly<Record<string, number>>;
  /** How many of the answers a toxic gave, by their status; absent: none. */
  readonly injected?: Readonly<Record<string, number>>;
  /** Of probes that carried a load: what came out. */
  readonly loads?: readonly {readonly upstream: LoadFigures; readonly downstream: LoadFigures}[];
}

/** What arrived at one end: the time from the start of the probe to its last byte, and in how many pieces it was read. */
export interface LoadFigures {
  readonly bytes: number;
  readonly pieces: number;
  readonly ms: number;
}

/**
 * What a probe times. `answer`: the first byte of an answer. `closing`: from its own FIN, once it has an answer, to the other's. `life`: its answer, and then
 * the connection must stay for `forMs` from its start. `load`: `bytes` in each direction, between two ends of the fabric's own.
 */
export type ProbeLook =
  | {readonly at: 'answer'}
  | {readonly at: 'closing'}
  | {readonly at: 'life'; readonly forMs: number}
  | {readonly at: 'load'; readonly bytes: number};

export interface ProbeOptions {
  readonly count: number;
  readonly timeoutMs: number;
  /** Normally: the answer. */
  readonly look?: ProbeLook;
}

/**
 * The process that carries all links and applies toxics to them. Changes are made between two events of its loop, so that a
 * batch is atomic and is never held up by traffic.
 */
export interface Fabric {
  open(proxies: readonly ProxySpec[]): Promise<readonly OpenProxy[]>;
  close(names: readonly string[]): Promise<void>;
  /** Callers of a node that is known to be down get ECONNREFUSED. */
  setNodeUp(node: string, up: boolean): Promise<void>;
  /** Adds and removes in one step. Refuses the whole batch when one part of it is wrong, or a port cannot be had. */
  change(batch: FabricChange): Promise<void>;
  toxics(): Promise<readonly ToxicState[]>;
  counters(): Promise<readonly ProxyCounters[]>;
  /** The connections that are open on a proxy, oldest first; probes are left out. */
  connections(proxy: string): Promise<readonly ConnectionState[]>;
  /** The request log from a point in time on (unix ms). The last 200,000 entries are kept. */
  requests(since: number): Promise<readonly RequestLogEntry[]>;
  probe(proxy: string, options: ProbeOptions): Promise<ProbeResult>;
  stop(): Promise<void>;
}
