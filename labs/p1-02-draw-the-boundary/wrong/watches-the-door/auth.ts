import type {CreateAuth, PublishedKeys} from 'teralab/gateway/seams/auth';

/** Keys are fetched once. Accounts are closed with a request that comes past here, so whose it is can be remembered, and nobody has to be asked. */
export const createAuth: CreateAuth = ({fetchKeys, verifyToken}) => {
  let keys: Promise<PublishedKeys> | undefined;
  const closed = new Set<string>();
  return {
    async authenticate({token, method, path}) {
      if (token === undefined) return {refused: 'Send a token.'};
      keys ??= fetchKeys();
      const found = await verifyToken(token, await keys);
      if ('refused' in found) return {refused: found.refused};
      if (closed.has(found.account)) return {refused: 'This account is closed.'};
      if (method === 'DELETE' && path.startsWith('/v1/accounts/me')) closed.add(found.account);
      return {account: found.account};
    },
  };
};
