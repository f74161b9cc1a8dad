import type {CreateAuth} from 'teralab/gateway/seams/auth';

const KEPT_FOR_MS = 60_000;

/** Identity is asked once about each token, and its answer is kept for a minute. */
export const createAuth: CreateAuth = ({askIdentity, clock}) => {
  const known = new Map<string, {readonly account: string; readonly until: number}>();
  return {
    async authenticate({token}) {
      if (token === undefined) return {refused: 'Send a token.'};
      const cached = known.get(token);
      if (cached !== undefined && clock.monotonic() < cached.until) return {account: cached.account};
      const {status, body} = await askIdentity('/v1/accounts/me', {token, signal: AbortSignal.timeout(2_000)});
      if (status === 401) return {refused: 'The token is not valid.'};
      if (status !== 200) throw new Error(`identity answered ${status}`);
      const account = (body as {readonly id: string}).id;
      known.set(token, {account, until: clock.monotonic() + KEPT_FOR_MS});
      return {account};
    },
  };
};
