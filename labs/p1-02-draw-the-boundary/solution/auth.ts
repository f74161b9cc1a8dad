import type {CreateAuth, PublishedKeys} from 'teralab/gateway/seams/auth';

/** A closed account's token counts for so long at most while identity answers; so often identity is asked, however many requests come. */
const FRESH_FOR_MS = 5_000;
const ASK_AGAIN_AFTER_MS = 500;

/** Tokens are checked here, with what identity has published. Identity is asked for that beside the requests, and not for their sake. */
export const createAuth: CreateAuth = ({clock, fetchKeys, verifyToken}) => {
  let keys: PublishedKeys | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    try {
      keys = await fetchKeys(AbortSignal.timeout(1_000));
      nextAt = clock.monotonic() + FRESH_FOR_MS;
    } catch {
      // What is known stays: an old key is still the key that signed.
      nextAt = clock.monotonic() + ASK_AGAIN_AFTER_MS;
    } finally {
      underWay = undefined;
    }
  }

  return {
    async authenticate({token}) {
      if (token === undefined) return {refused: 'Send a token.'};
      if (clock.monotonic() >= nextAt) underWay ??= refresh();
      // Only the very first ones wait.
      if (keys === undefined) await underWay;
      if (keys === undefined) throw new Error('identity has not said yet which keys it signs with');
      const found = await verifyToken(token, keys);
      if ('refused' in found) return {refused: found.refused};
      if (keys.ended_sessions.includes(found.session)) return {refused: 'The session of this token is over.'};
      return {account: found.account};
    },
  };
};
