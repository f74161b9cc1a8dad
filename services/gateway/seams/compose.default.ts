import type {Compose, Dashboard} from './compose.ts';

/** What is kept of the caller's patience for putting the page together and sending it. */
const MARGIN_SHARE = 0.1;
const MARGIN_MIN_MS = 25;
const MARGIN_MAX_MS = 200;

/** All parts at once, each for as long as the caller waits, less a margin; what is not there by then is named. */
export const compose: Compose = async ({account, patienceMs}, upstream) => {
  const marginMs = Math.min(MARGIN_MAX_MS, Math.max(MARGIN_MIN_MS, patienceMs * MARGIN_SHARE));
  const signal = AbortSignal.timeout(Math.max(1, Math.floor(patienceMs - marginMs)));
  const [own, activity, windows] = await Promise.allSettled([
    upstream.get('identity', '/v1/accounts/me', {signal}),
    upstream.get('stream', `/v1/activity/${encodeURIComponent(account)}`, {signal}),
    upstream.get('stream', '/v1/windows?size=10s', {signal}),
  ]);
  const parts = {account: own, activity, windows};
  const missing = (['account', 'activity', 'windows'] as const).filter(name => parts[name].status === 'rejected');
  return {account: orNull(own), activity: orNull(activity), windows: orNull(windows), missing} satisfies Dashboard;
};

function orNull(part: PromiseSettledResult<unknown>): unknown {
  return part.status === 'fulfilled' ? part.value : null;
}
