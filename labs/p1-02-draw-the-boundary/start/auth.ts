import type {CreateAuth} from 'teralab/gateway/seams/auth';

/** Identity knows who is signed in, so identity is asked: for each request. */
export const createAuth: CreateAuth = ({askIdentity}) => ({
  async authenticate({token}) {
    if (token === undefined) return {refused: 'Send a token.'};
    const {status, body} = await askIdentity('/v1/accounts/me', {token, signal: AbortSignal.timeout(2_000)});
    if (status === 401) return {refused: 'The token is not valid.'};
    if (status !== 200) throw new Error(`identity answered ${status}`);
    return {account: (body as {readonly id: string}).id};
  },
});
