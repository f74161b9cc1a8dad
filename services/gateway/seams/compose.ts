/** An upstream's answer: parsed JSON of a 2xx. Anything else rejects; where the service answered, with its `status`. */
export interface UpstreamCall {
  /** `GET path` at a service, with the caller's identity and trace context. Aborting `signal` ends the request on the wire. */
  get(service: 'identity' | 'stream', path: string, options?: {readonly signal?: AbortSignal}): Promise<unknown>;
}

export interface ComposeRequest {
  /** The signed-in account. */
  readonly account: string;
  /** How long the caller will wait for the page from now on, in ms. */
  readonly patienceMs: number;
}

/** The page. A part that could not be had is null and is named in `missing`. */
export interface Dashboard {
  readonly account: unknown;
  readonly activity: unknown;
  readonly windows: unknown;
  /** Names of the parts that are missing, in this order: `account`, `activity`, `windows`. */
  readonly missing: readonly ('account' | 'activity' | 'windows')[];
}

/**
 * `GET /v1/dashboard`: one page from two services. Parts: `account` from identity (`/v1/accounts/me`), `activity` from stream
 * (`/v1/activity/<account>`) and `windows` from stream (`/v1/windows?size=10s`).
 *
 * A module that replaces it exports `compose`.
 */
export type Compose = (request: ComposeRequest, upstream: UpstreamCall) => Promise<Dashboard>;
