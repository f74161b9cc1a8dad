import type {CreateAuth, PublishedKeys} from 'teralab/gateway/seams/auth';

/** Keys hardly ever change: they are fetched once, when the first token comes. */
export const createAuth: CreateAuth = ({fetchKeys, verifyToken}) => {
  let keys: Promise<PublishedKeys> | undefined;
  return {
    async authenticate({token}) {
      if (token === undefined) return {refused: 'Send a token.'};
      keys ??= fetchKeys();
      const published = await keys;
      const found = await verifyToken(token, published);
      if ('refused' in found) return {refused: found.refused};
      if (published.ended_sessions.includes(found.session)) return {refused: 'The session of this token is over.'};
      return {account: found.account};
    },
  };
};
