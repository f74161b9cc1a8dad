import type {CreateAuth, PublishedKeys} from 'teralab/gateway/seams/auth';

const FRESH_FOR_MS = 1_000;

/** Keys are fetched again each second, beside the requests: the fresher the better. */
export const createAuth: CreateAuth = ({clock, fetchKeys, verifyToken}) => {
  let keys: PublishedKeys | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    nextAt = clock.monotonic() + FRESH_FOR_MS;
    try {
      keys = await fetchKeys(AbortSignal.timeout(1_000));
    } catch {
      // What is known stays.
    } finally {
      underWay = undefined;
    }
  }

  return {
    async authenticate({token}) {
      if (token === undefined) return {refused: 'Send a token.'};
      if (clock.monotonic() >= nextAt) underWay ??= refresh();
      if (keys === undefined) await underWay;
      if (keys === undefined) throw new Error('identity has not said yet which keys it signs with');
      const found = await verifyToken(token, keys);
      if ('refused' in found) return {refused: found.refused};
      if (keys.ended_sessions.includes(found.session)) return {refused: 'The session of this token is over.'};
      return {account: found.account};
    },
  };
};
