import type {Clock} from '../../kit/clock.ts';
import type {Logger} from '../../kit/logger.ts';
import type {Registry} from '../../kit/registry.ts';
import type {Balancer} from './balancer.ts';
import type {Lane} from './traffic-split.ts';

/** One request that is to go to some instance of a service. */
export interface DiscoveryRequest {
  readonly method: string;
  readonly path: string;
  /** Whether sending it twice has the effect of sending it once (GET, HEAD, or a request with an idempotency key). */
  readonly safeToRepeat: boolean;
  /** When the caller stops waiting, unix ms. */
  readonly deadline: number;
  /** Where releases are told apart: whom of the instances to ask. */
  readonly lane?: Lane;
}

/** An instance's answer, of which the body has not been read yet. */
export interface InstanceAnswer {
  readonly status: number;
}

/**
 * Sends the request to that node, over the gateway's link to it, and settles with its answer. Rejects when none came: with a
 * {@link SendError}. Aborting `signal` ends it on the wire, also while the body is read.
 */
export type SendTo<A extends InstanceAnswer> = (node: string, signal?: AbortSignal) => Promise<A>;

/** Why no answer came. */
export interface SendError extends Error {
  /** Not a byte of the request has left, for the connection could not be made or there is no link to that node: nobody can have done it. */
  readonly unsent: boolean;
}

export interface Discovery {
  /** Calls `send` with a node of its choice, as often as it sees fit, and settles with the answer for the caller. */
  request<A extends InstanceAnswer>(service: string, request: DiscoveryRequest, send: SendTo<A>): Promise<A>;
  /** Once, before the first request. */
  start?(): void;
  /** Once, after the last request. */
  stop?(): Promise<void>;
}

export interface DiscoveryTools {
  readonly registry: Registry;
  /** Spreads requests over those who are good to ask. */
  readonly balancer: Balancer;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * How the gateway finds the instances of the services behind it. The registry names nodes: `identity-2`; the gateway knows its way to each.
 * What is registered is what was true some seconds ago.
 *
 * A module that replaces it exports `createDiscovery`.
 */
export type CreateDiscovery = (tools: DiscoveryTools) => Discovery;
