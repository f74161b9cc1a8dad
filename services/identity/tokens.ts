import {errors, SignJWT} from 'jose';
import type {VerifiedToken} from '../kit/auth.ts';
import type {Clock} from '../kit/clock.ts';
import {
  ALGORITHM,
  bearerToken,
  ISSUER,
  SEND_A_TOKEN,
  TOKEN_LIFETIME_SECONDS,
  TOKEN_TYPE,
  unauthorized,
  verifyAccessToken,
} from '../kit/verify-access-token.ts';
import type {KeyRing} from './key-ring.ts';
import type {AccessToken} from './seams/sessions.ts';

/** Who may be shown a token. Each of them checks that it is among them. */
const AUDIENCE = ['gateway', 'identity', 'stream'];

export interface Tokens {
  /**
   * Sees to it that the keys are recent. Before a transaction, never in it: with as many transactions as there are connections, nobody
   * would have one left to read the keys with.
   */
  refreshKeys(): Promise<void>;
  /** A token that says who its bearer is and in which session, for 15 minutes. */
  issue(account: string, session: string): Promise<AccessToken>;
  /** What the token of an `Authorization` header says. Throws a problem 401. Whether its session still lasts is not looked at. */
  verify(authorization: string | undefined): Promise<VerifiedToken>;
}

export function createTokens({keys, clock}: {readonly keys: KeyRing; readonly clock: Clock}): Tokens {
  return {
    refreshKeys: () => keys.refresh(),
    async issue(account, session) {
      const {kid, privateKey} = keys.current();
      const now = Math.floor(clock.now() / 1_000);
      const expires = now + TOKEN_LIFETIME_SECONDS;
      const token = await new SignJWT({sid: session})
        .setProtectedHeader({alg: ALGORITHM, kid, typ: TOKEN_TYPE})
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(account)
        .setIssuedAt(now)
        .setExpirationTime(expires)
        .sign(privateKey);
      return {token, expiresAt: new Date(expires * 1_000).toISOString()};
    },
    async verify(authorization) {
      const token = bearerToken(authorization);
      if (token === undefined) throw unauthorized(SEND_A_TOKEN);
      await keys.refresh();
      try {
        return await verifyAccessToken(token, keys.verifying(), {audience: 'identity', now: clock.now()});
      } catch (error) {
        throw error instanceof errors.JWKSNoMatchingKey ? unauthorized('The token is not valid.') : error;
      }
    },
  };
}
