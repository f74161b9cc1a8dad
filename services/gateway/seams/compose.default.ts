import type {Compose, Dashboard} from './compose.ts';
import {partsDeadline} from './patience-margin.ts';

/** All parts at once, each for as long as the caller waits, less a margin; what is not there by then is named. */
export const compose: Compose = async ({account, patienceMs}, upstream) => {
  const signal = partsDeadline(patienceMs);
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
