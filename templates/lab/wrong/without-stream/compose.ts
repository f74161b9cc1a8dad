import type {Compose} from 'teralab/gateway/seams/compose';

/** One page from one service: what is not asked cannot fail. */
export const compose: Compose = async (_request, upstream) => ({
  account: await upstream.get('identity', '/v1/accounts/me'),
  activity: null,
  windows: null,
  missing: ['activity', 'windows'],
});
