import type {Clock} from '../../kit/clock.ts';
import type {Logger} from '../../kit/logger.ts';

/** One request that the gateway is about to send to an upstream service. */
export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  /** Whether sending it twice has the effect of sending it once (GET, HEAD, or a request with an idempotency key). */
  readonly safeToRepeat: boolean;
  /** The upstream may wait before it answers, until it has what the caller has seen (`x-position`). */
  readonly mayWait?: boolean;
  /** When the caller stops waiting, unix ms. */
  readonly deadline: number;
}

/** An upstream's answer, of which the body has not been read yet. */
export interface UpstreamAnswer {
  readonly status: number;
}

/** Sends the request once. Rejects when no answer came; aborting `signal` ends it on the wire and frees its socket. */
export type SendOnce<A extends UpstreamAnswer> = (signal: AbortSignal) => Promise<A>;

/** Throw it to answer 503 problem+json with `Retry-After`, without asking the upstream. */
export interface Refusal {
  readonly refused: string;
  readonly retryAfterSeconds: number;
}

export interface UpstreamPolicy {
  /** Calls `send` as often as it sees fit (also not at all: throw a {@link Refusal}) and returns the answer for the caller. */
  call<A extends UpstreamAnswer>(request: UpstreamRequest, send: SendOnce<A>): Promise<A>;
}

export interface UpstreamPolicyTools {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * How the gateway treats one upstream service. It is created once per service (`identity`, `stream`), so that what goes wrong with one
 * need not touch the other. The gateway itself has one cap for all: 64 requests in flight; what comes on top is answered 503.
 *
 * A module that replaces it exports `createUpstreamPolicy`.
 */
export type CreateUpstreamPolicy = (service: string, tools: UpstreamPolicyTools) => UpstreamPolicy;
