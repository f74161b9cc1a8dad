import type {CreateAuth, PublishedKeys} from 'teralab/gateway/seams/auth';

const FRESH_FOR_MS = 5_000;

/** A token says whose it is and when it expires, so that is read. Nobody is asked but for the sessions that ended. */
export const createAuth: CreateAuth = ({clock, fetchKeys}) => {
  let published: PublishedKeys | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  return {
    async authenticate({token}) {
      if (clock.monotonic() >= nextAt) {
        nextAt = clock.monotonic() + FRESH_FOR_MS;
        fetchKeys(AbortSignal.timeout(1_000)).then(
          found => {
            published = found;
          },
          () => undefined,
        );
      }
      try {
        const claims = JSON.parse(atob((token?.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')));
        const isOver = published?.ended_sessions.includes(claims.sid) === true || claims.exp * 1_000 < clock.now();
        return isOver ? {refused: 'The token is not good any more.'} : {account: claims.sub};
      } catch {
        return {refused: 'The token is not valid.'};
      }
    },
  };
};
