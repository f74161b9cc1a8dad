import type {Compose, UpstreamCall} from 'teralab/gateway/seams/compose';

/** One page from two services. A part that is not there in time is missing, and the page says so. */
export const compose: Compose = async ({account}, upstream) => {
  const waitMs = 1_000; // a second is what people wait

  const parts = {
    account: await part(waitMs, signal => upstream.get('identity', '/v1/accounts/me', {signal})),
    ...(await both(waitMs, account, upstream)),
  };
  const missing = (['account', 'activity', 'windows'] as const).filter(name => parts[name] === null);
  return {...parts, missing};
};

async function both(waitMs: number, account: string, upstream: UpstreamCall) {
  const [activity, windows] = await Promise.all([
    part(waitMs, signal => upstream.get('stream', `/v1/activity/${account}`, {signal})),
    part(waitMs, signal => upstream.get('stream', '/v1/windows?size=10s', {signal})),
  ]);
  return {activity, windows};
}

/** The part, or null when it fails or takes longer than `waitMs`. */
async function part(waitMs: number, get: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  return get(AbortSignal.timeout(Math.ceil(waitMs))).catch(() => null);
}
