import type {Compose} from 'teralab/gateway/seams/compose';

/** In time, at the price of everything: when one part is late, the page is an error. */
export const compose: Compose = async ({account, patienceMs}, upstream) => {
  const signal = AbortSignal.timeout(Math.ceil(patienceMs * 0.6));
  const [me, activity, windows] = await Promise.all([
    upstream.get('identity', '/v1/accounts/me', {signal}),
    upstream.get('stream', `/v1/activity/${account}`, {signal}),
    upstream.get('stream', '/v1/windows?size=10s', {signal}),
  ]);
  return {account: me, activity, windows, missing: []};
};
