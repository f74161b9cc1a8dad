import type {Clock} from './clock.ts';
import type {Logger} from './logger.ts';

/** A request as it came, before anybody knows who sent it. */
export interface AuthRequest {
  readonly method: string;
  /** With its query string. */
  readonly path: string;
  /** Names are in lower case. What a header says is the sender's word, and nothing more. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The token of `Authorization: Bearer …`; undefined where there is none. */
  readonly token: string | undefined;
}

export interface SignedIn {
  readonly account: string;
}

export interface Refused {
  /** Why: a sentence that the sender is told, with status 401. */
  readonly refused: string;
}

/** Tells who sent a request. */
export interface Auth {
  /** Rejects where it cannot be told whether the token is good: the sender is answered 503 and may try again. */
  authenticate(request: AuthRequest): Promise<SignedIn | Refused>;
}

/** What a token says that was found good. */
export interface VerifiedToken {
  readonly account: string;
  readonly session: string;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** What identity publishes at `GET /.well-known/jwks.json`, so that nobody has to ask it about each token. */
export interface PublishedKeys {
  /** Public keys (JWK). Each is published for ten seconds before it signs. */
  readonly keys: readonly object[];
  /** Sessions that are over although their tokens have not expired: signed out of, stolen, or of an account that was closed. */
  readonly ended_sessions: readonly string[];
}

export interface IdentityAnswer {
  readonly status: number;
  /** Parsed JSON; null where it is none. */
  readonly body: unknown;
}

export interface AuthTools {
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * `GET path` at identity. Rejects when no answer came. With a token it is asked in the name of the request under way; without one
   * in nobody's, so that what is shared by many requests has neither the trace nor the deadline of the one that came first.
   */
  askIdentity(
    path: string,
    options?: {readonly token?: string; readonly signal?: AbortSignal},
  ): Promise<IdentityAnswer>;
  /** The document at `/.well-known/jwks.json`. Rejects when identity does not answer 200 with one. */
  fetchKeys(signal?: AbortSignal): Promise<PublishedKeys>;
  /**
   * Checks a token without asking anybody: signature, issuer, audience and times. It does not look at `ended_sessions`. `unknownKey`: none
   * of these keys has signed it; there may be newer ones.
   */
  verifyToken(token: string, keys: PublishedKeys): Promise<VerifiedToken | (Refused & {readonly unknownKey?: boolean})>;
}

/**
 * Who sent a request, found out where it comes in. It is created once per process.
 *
 * A module that replaces it exports `createAuth`.
 */
export type CreateAuth = (tools: AuthTools) => Auth;
