import type {CreateAuth, Refused, VerifiedToken} from './auth.ts';
import {createKeyCache} from './key-cache.ts';
import {SEND_A_TOKEN} from './verify-access-token.ts';

/** Checking a signature costs more than all else that a gateway does for a request. */
const VERIFIED_MS = 30_000;
const VERIFIED_MAX = 1_000;

/** A token that was found valid, and until when (unix ms) its signature is not checked again. */
interface Verified extends VerifiedToken {
  readonly until: number;
}

/**
 * Verifies access tokens here, with identity's public keys: identity is asked for keys, not for each request, and nobody else's word is
 * taken for it.
 */
export const createAuth: CreateAuth = tools => {
  const {clock, verifyToken} = tools;
  // In order of verification, so that the first is the oldest.
  const verified = new Map<string, Verified>();
  // What was signed with a key that is withdrawn counts no more once that is known.
  const keys = createKeyCache(tools, () => verified.clear());

  async function verify(token: string): Promise<VerifiedToken | Refused> {
    const found = await verifyToken(token, await keys.current());
    return 'refused' in found && found.unknownKey === true ? verifyToken(token, await keys.newer()) : found;
  }

  function remember(token: string, found: VerifiedToken): void {
    const [oldest] = verified.size < VERIFIED_MAX ? [] : verified.keys();
    if (oldest !== undefined) verified.delete(oldest);
    verified.set(token, {...found, until: Math.min(found.expiresAt, clock.now() + VERIFIED_MS)});
  }

  return {
    async authenticate({token}) {
      if (token === undefined) return {refused: SEND_A_TOKEN};
      keys.touch();
      const known = verified.get(token);
      if (known !== undefined && clock.now() < known.until) return {account: known.account};
      verified.delete(token);
      const found = await verify(token);
      if ('refused' in found) return {refused: found.refused};
      if (keys.hasEnded(found.session)) return {refused: 'The session of this token has ended.'};
      remember(token, found);
      return {account: found.account};
    },
  };
};
