import type {Compose} from 'teralab/gateway/seams/compose';

/** One page from two services: each part fails by itself, and the page says which ones did. */
export const compose: Compose = async ({account}, upstream) => {
  const [me, activity, windows] = await Promise.all([
    part(upstream.get('identity', '/v1/accounts/me')),
    part(upstream.get('stream', `/v1/activity/${account}`)),
    part(upstream.get('stream', '/v1/windows?size=10s')),
  ]);
  const parts = {account: me, activity, windows};
  const missing = (['account', 'activity', 'windows'] as const).filter(name => parts[name] === null);
  return {...parts, missing};
};

async function part(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch(() => null);
}
