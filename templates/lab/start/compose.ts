import type {Compose} from 'teralab/gateway/seams/compose';

/** One page from two services: all of it, or nothing. */
export const compose: Compose = async ({account}, upstream) => {
  const [me, activity, windows] = await Promise.all([
    upstream.get('identity', '/v1/accounts/me'),
    upstream.get('stream', `/v1/activity/${account}`),
    upstream.get('stream', '/v1/windows?size=10s'),
  ]);
  return {account: me, activity, windows, missing: []};
};
