import type {CreateAuth, PublishedKeys} from 'teralab/gateway/seams/auth';

const GOOD_FOR_MS = 5_000;

/** Keys are good for five seconds; with older ones nobody is let in, to be on the safe side. */
export const createAuth: CreateAuth = ({clock, fetchKeys, verifyToken}) => {
  let cached: {readonly keys: PublishedKeys; readonly at: number} | undefined;
  let underWay: Promise<PublishedKeys> | undefined;

  async function freshKeys(): Promise<PublishedKeys> {
    if (cached !== undefined && clock.monotonic() - cached.at < GOOD_FOR_MS) return cached.keys;
    underWay ??= fetchKeys(AbortSignal.timeout(1_000)).finally(() => {
      underWay = undefined;
    });
    const keys = await underWay;
    cached = {keys, at: clock.monotonic()};
    return keys;
  }

  return {
    async authenticate({token}) {
      if (token === undefined) return {refused: 'Send a token.'};
      const keys = await freshKeys();
      const found = await verifyToken(token, keys);
      if ('refused' in found) return {refused: found.refused};
      if (keys.ended_sessions.includes(found.session)) return {refused: 'The session of this token is over.'};
      return {account: found.account};
    },
  };
};
