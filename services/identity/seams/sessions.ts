import type {Clock} from '../../kit/clock.ts';
import type {Database, Queryable} from '../../kit/database.ts';
import type {Logger} from '../../kit/logger.ts';

export interface AccessToken {
  readonly token: string;
  readonly expiresAt: string;
}

/** What who signs in gets, and who refreshes. */
export interface Session extends AccessToken {
  readonly refreshToken: string;
  readonly refreshExpiresAt: string;
}

/** `reused`: the token was used before, by somebody else as it seems, and the session is ended. Both are answered 401. */
export type Refreshed =
  | {readonly outcome: 'refreshed'; readonly session: Session}
  | {readonly outcome: 'refused' | 'reused'};

export type EndReason = 'signed-out' | 'reuse' | 'account-closed';

/** What the seam works with. */
export interface SessionTools {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tokens: {
    /** Sees to it that the keys are recent: before a transaction that issues a token, never in it. */
    refreshKeys(): Promise<void>;
    /** An access token for 15 minutes. */
    issue(account: string, session: string): Promise<AccessToken>;
  };
  /** Seals a text so that only who has the refresh token can read it. */
  seal(text: string, refreshToken: string, session: string): string;
  /** The text; undefined where it was sealed with another token or for another session. */
  unseal(sealed: string, refreshToken: string, session: string): string | undefined;
  /** Ends a session: none of its tokens is good any more. */
  end(transaction: Queryable, session: string, reason: EndReason): Promise<void>;
}

/**
 * Sessions: each is one family of refresh tokens. The tables `sessions (id, account, started_at, expires_at, ended_at, end_reason)` and
 * `refresh_tokens (hash bytea, session, expires_at, used_at, sealed_answer)` are there for it; those who close accounts or sign out end rows of
 * `sessions`.
 */
export interface Sessions {
  /** Begins a session in the transaction of a sign-in. `refreshKeys` was called before it. */
  start(transaction: Queryable, id: string, account: string): Promise<Session>;
  /** Takes a refresh token for a new one. */
  refresh(refreshToken: string): Promise<Refreshed>;
}

/** A module that replaces it exports `createSessions`. Every replica of identity creates one. */
export type CreateSessions = (tools: SessionTools) => Sessions;
