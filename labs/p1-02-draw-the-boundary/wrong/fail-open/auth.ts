import type {CreateAuth} from 'teralab/gateway/seams/auth';

/** Identity is asked; and while it is away, a token is taken for what it says: better to let somebody in than to let everybody down. */
export const createAuth: CreateAuth = ({askIdentity}) => ({
  async authenticate({token}) {
    if (token === undefined) return {refused: 'Send a token.'};
    try {
      const {status, body} = await askIdentity('/v1/accounts/me', {token, signal: AbortSignal.timeout(500)});
      if (status === 401) return {refused: 'The token is not valid.'};
      if (status === 200) return {account: (body as {readonly id: string}).id};
    } catch {
      // Identity is away.
    }
    return claimsOf(token);
  },
});

function claimsOf(token: string): {account: string} | {refused: string} {
  try {
    const claims = JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')));
    if (claims.exp * 1_000 > Date.now() && typeof claims.sub === 'string') return {account: claims.sub};
  } catch {
    // It is no token.
  }
  return {refused: 'The token is not valid.'};
}
