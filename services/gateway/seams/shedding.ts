import type {Clock} from '../../kit/clock.ts';

/** One request that wants to be worked on. */
export interface SheddingRequest {
  /** When its caller stops waiting, unix ms. */
  readonly deadline: number;
}

/** Why a request is not begun: answered 503 problem+json with `Retry-After`. */
export interface Shed {
  readonly shed: string;
  readonly retryAfterSeconds: number;
}

export interface Shedding {
  /** Takes a request in, and returns how to say that it has ended, called once; or why it is not begun. Saying no must cost next to nothing. */
  enter(request: SheddingRequest): (() => void) | Shed;
}

export interface SheddingTools {
  readonly clock: Clock;
  /** How many requests the gateway has room for at once. */
  readonly places: number;
}

/**
 * Which requests the gateway does not begin when there is more to do than it can.
 *
 * A module that replaces it exports `createShedding`.
 */
export type CreateShedding = (tools: SheddingTools) => Shedding;
