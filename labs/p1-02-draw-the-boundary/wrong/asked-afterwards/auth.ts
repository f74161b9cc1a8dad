import type {CreateAuth, PublishedKeys} from 'teralab/gateway/seams/auth';

/** The signature is checked here, at once. Whether the session still lasts is asked afterwards, once per token and second, beside the request. */
export const createAuth: CreateAuth = ({askIdentity, clock, fetchKeys, verifyToken}) => {
  let keys: Promise<PublishedKeys> | undefined;
  const over = new Set<string>();
  const askedAt = new Map<string, number>();

  function askBeside(token: string): void {
    const now = clock.monotonic();
    if (now - (askedAt.get(token) ?? Number.NEGATIVE_INFINITY) < 1_000) return;
    askedAt.set(token, now);
    askIdentity('/v1/accounts/me', {token, signal: AbortSignal.timeout(1_000)}).then(
      ({status}) => {
        if (status === 401) over.add(token);
      },
      () => undefined,
    );
  }

  return {
    async authenticate({token}) {
      if (token === undefined) return {refused: 'Send a token.'};
      keys ??= fetchKeys();
      const found = await verifyToken(token, await keys);
      if ('refused' in found) return {refused: found.refused};
      askBeside(token);
      return over.has(token) ? {refused: 'The session of this token is over.'} : {account: found.account};
    },
  };
};
