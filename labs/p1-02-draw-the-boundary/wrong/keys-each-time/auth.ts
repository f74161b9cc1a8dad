import type {CreateAuth} from 'teralab/gateway/seams/auth';

/** The signature is checked here, with keys that are as fresh as can be. */
export const createAuth: CreateAuth = ({fetchKeys, verifyToken}) => ({
  async authenticate({token}) {
    if (token === undefined) return {refused: 'Send a token.'};
    const keys = await fetchKeys(AbortSignal.timeout(1_000));
    const found = await verifyToken(token, keys);
    if ('refused' in found) return {refused: found.refused};
    if (keys.ended_sessions.includes(found.session)) return {refused: 'The session of this token is over.'};
    return {account: found.account};
  },
});
