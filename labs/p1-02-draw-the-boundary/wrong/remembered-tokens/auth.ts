import type {CreateAuth, PublishedKeys} from 'teralab/gateway/seams/auth';

const FRESH_FOR_MS = 5_000;
const REMEMBERED_FOR_MS = 60_000;

/** Keys are refreshed, and a token that was found good is not checked again for a minute: a signature costs more than all else. */
export const createAuth: CreateAuth = ({clock, fetchKeys, verifyToken}) => {
  const good = new Map<string, {readonly account: string; readonly until: number}>();
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
      const known = good.get(token);
      if (known !== undefined && clock.monotonic() < known.until) return {account: known.account};
      if (clock.monotonic() >= nextAt) underWay ??= refresh();
      if (keys === undefined) await underWay;
      if (keys === undefined) throw new Error('identity has not said yet which keys it signs with');
      const found = await verifyToken(token, keys);
      if ('refused' in found) return {refused: found.refused};
      if (keys.ended_sessions.includes(found.session)) return {refused: 'The session of this token is over.'};
      good.set(token, {account: found.account, until: clock.monotonic() + REMEMBERED_FOR_MS});
      return {account: found.account};
    },
  };
};
