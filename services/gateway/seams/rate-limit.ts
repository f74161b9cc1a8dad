import type {Clock} from '../../kit/clock.ts';
import type {KeyValue} from '../../kit/key-value.ts';
import type {Logger} from '../../kit/logger.ts';
import type {Limit} from './limits.ts';

/** `retryAfterSeconds` is the caller's `Retry-After`, rounded up: when one more request may pass. */
export type RateDecision = {readonly allowed: true} | {readonly allowed: false; readonly retryAfterSeconds: number};

export interface RateLimiter {
  /** Whether one more request of this client may pass now. One that may not is answered 429 problem+json with `Retry-After`. */
  take(client: string, limit: Limit): RateDecision | Promise<RateDecision>;
  /** Once, before the first request. */
  start?(): void;
  /** Once, after the last request. */
  stop?(): Promise<void>;
}

/**
 * What all gateways share: a small space of keys and values (see the kit's `KeyValue`). It is on another node: a call costs a round trip
 * and a commit, rejects when that node is known to be away, and hangs for up to three seconds when it is silent.
 */
export type LimitStore = Pick<KeyValue, 'get' | 'put' | 'create' | 'compareAndSet' | 'delete'>;

export interface RateLimitTools {
  readonly store: LimitStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * How the gateways hold each client to its limit, however its requests are spread over them. A client is its account, where it has signed
 * in, else its `x-client-id`, else its address. Asked once per request, before anything is done for it.
 *
 * A module that replaces it exports `createRateLimit`.
 */
export type CreateRateLimit = (tools: RateLimitTools) => RateLimiter;
