import {errors} from 'jose';
import {createKeyCache, type KeyCacheKit} from './key-cache.ts';
import {bearerToken, unauthorized, type VerifiedToken, verifyAccessToken} from './verify-access-token.ts';

export interface AccessTokens {
  /** The account that a bearer token was issued to. Throws a problem: 401, or 503 when the keys cannot be had. */
  account(authorization: string | undefined): Promise<string>;
}

/** Checking a signature costs more than all else that a gateway does for a request. */
const VERIFIED_MS = 30_000;
const VERIFIED_MAX = 1_000;

/** A token that was found valid, and until when (unix ms) its signature is not checked again. */
interface Verified extends VerifiedToken {
  readonly until: number;
}

/**
 * Verifies the access tokens that are meant for `audience` here, with identity's public keys: identity is asked for keys, not for each
 * request, and nobody else's word is taken for it.
 */
export function createAccessTokens(kit: KeyCacheKit, audience: string): AccessTokens {
  // In order of verification, so that the first is the oldest.
  const verified = new Map<string, Verified>();
  // What was signed with a key that is withdrawn counts no more once that is known.
  const keys = createKeyCache(kit, () => verified.clear());

  async function verify(token: string): Promise<VerifiedToken> {
    const purpose = {audience, now: kit.clock.now()};
    try {
      return await verifyAccessToken(token, await keys.current(), purpose);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    try {
      return await verifyAccessToken(token, await keys.newer(), purpose);
    } catch (error) {
      throw error instanceof errors.JWKSNoMatchingKey ? unauthorized('The token is not valid.') : error;
    }
  }

  function remember(token: string, found: VerifiedToken): void {
    const [oldest] = verified.size < VERIFIED_MAX ? [] : verified.keys();
    if (oldest !== undefined) verified.delete(oldest);
    verified.set(token, {...found, until: Math.min(found.expiresAt, kit.clock.now() + VERIFIED_MS)});
  }

  return {
    async account(authorization) {
      const token = bearerToken(authorization);
      keys.touch();
      const known = verified.get(token);
      if (known !== undefined && kit.clock.now() < known.until) return known.account;
      verified.delete(token);
      const found = await verify(token);
      if (keys.hasEnded(found.session)) throw unauthorized('The session of this token has ended.');
      remember(token, found);
      return found.account;
    },
  };
}
