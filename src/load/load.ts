/** One request as the driver sends it. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One logical operation of a client, with the moment at which it is meant to start. Plain data, so that it can cross a thread. */
export interface Operation {
  readonly id: string;
  /** Its route for histograms and judges, like `register` or `dashboard`. */
  readonly name: string;
  /** Intended start in ms after the load began. */
  readonly atMs: number;
  readonly request: LoadRequest;
  /** The client gives up this long after the intended start, ms. Success is a 2xx answer within it. */
  readonly patienceMs: number;
  /** Requests sent at the same instant (1: an ordinary client). */
  readonly copies?: number;
  /** An ordinary retrying client: further sends with the same headers and body after a lost answer, a timeout or a 5xx. */
  readonly retry?: {readonly sendsMax: number; readonly backoffMs: number; readonly timeoutMs: number};
  /** Sent again this long after the first answer, whatever it was (a client that repeats itself), ms. */
  readonly repeatAfterMs?: number;
  /** Index of the target of the first send; default: targets take turns. Further sends go to the next ones. */
  readonly target?: number;
  /** Free-form facts for the judge; never sent. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
  /** What the same client does once it has a 2xx: an operation of its own in the ledger, `<id>.2`. */
  readonly next?: FollowUp;
}

/** What a client does next. It begins when its answer came, so that it has no place in the plan: the driver is open-loop but for these. */
export interface FollowUp {
  readonly name: string;
  /** After the answer, ms. */
  readonly afterMs: number;
  readonly request: LoadRequest;
  readonly patienceMs: number;
  /** Headers of the answers so far that the request carries on, lower case. */
  readonly carry?: readonly string[];
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
  /** And then, whatever came of it: `<id>.3`. */
  readonly next?: FollowUp;
}

/** One request on the wire and what came back. */
export interface Send {
  /** When it was sent, unix ms with fractions. */
  readonly at: number;
  readonly durationMs: number;
  /** Base URL that it went to. */
  readonly to: string;
  readonly status: number | null;
  /** Why there is no status: `ECONNREFUSED`, `ECONNRESET`, `timeout`, … */
  readonly error?: string;
  readonly contentType?: string;
  /** The `Retry-After` of the answer. */
  readonly retryAfter?: string;
  /** Headers of the answer that what follows it carries on. */
  readonly carried?: Readonly<Record<string, string>>;
  /** The first 4 KiB of the answer. */
  readonly body?: string;
}

/** The lab's own record of one operation. */
export interface LedgerEntry {
  readonly id: string;
  readonly name: string;
  readonly phase: string;
  /** Unix ms. */
  readonly intendedAt: number;
  /** `ok`: a 2xx within patience. `fail`: definitely refused (4xx). `info`: nobody knows whether it took effect. `dropped`: could not be sent. */
  readonly outcome: 'ok' | 'fail' | 'info' | 'dropped';
  /** Of the answer that decided the outcome. */
  readonly status: number | null;
  /** From the intended start to the deciding answer or the end of patience, ms. */
  readonly latencyMs: number;
  /** From the first send to the deciding answer, ms. */
  readonly uncorrectedMs: number;
  readonly sends: readonly Send[];
  readonly operation: Pick<Operation, 'request' | 'facts' | 'patienceMs'>;
}

export interface LoadPlan {
  readonly name: string;
  /** In order of `atMs`. */
  readonly operations: readonly Operation[];
  /** Base URLs, used in turn. */
  readonly targets: readonly string[];
  /** Stop early once this many operations were acknowledged (`ok`). */
  readonly stopAfterOk?: number;
  /** Operations under way at once; what would be more is counted as dropped. */
  readonly inFlightMax?: number;
}

export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The document of `teralab load --json`. */
export interface LoadSummary {
  /** Offered rate, operations per second. */
  readonly rate: number;
  readonly durationMs: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  readonly latencyMs: LatencySummary;
  readonly uncorrectedMs: LatencySummary;
}

export interface LoadRun {
  readonly id: string;
  /** Settles when the last operation is decided. */
  readonly done: Promise<LoadSummary>;
  /** A live look, from the start until now. */
  summary(): Promise<LoadSummary>;
  /** Sends nothing further; what is under way may end within its patience. */
  stop(): Promise<void>;
}

/**
 * The open-loop driver. Operations start at their intended moment whether or not earlier ones have been answered, and
 * latency counts from that moment, so that a stalled system cannot hide by slowing its clients down (coordinated omission).
 */
export interface LoadDriver {
  /** Starts a load; every decided operation is appended to `ledgerFile`, one JSON object a line, before it is counted. */
  start(plan: LoadPlan, options: {readonly ledgerFile: string; readonly phase: string}): Promise<LoadRun>;
  /** A server of the driver's own that answers at once: the far end of the control stream. */
  echo(): Promise<{readonly host: string; readonly port: number}>;
  stopAll(): Promise<void>;
}
