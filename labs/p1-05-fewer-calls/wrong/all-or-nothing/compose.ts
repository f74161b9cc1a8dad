import type {Account, AlertsList, ComposeAlerts} from 'teralab/gateway/seams/compose-alerts';

/** One question for all names. Without the answer there is no page. */
export const composeAlerts: ComposeAlerts = async ({limit, cursor}, upstream) => {
  const query = cursor === undefined ? `limit=${limit}` : `limit=${limit}&cursor=${cursor}`;
  const {items, next} = (await upstream.get('stream', `/v1/sign-in-alerts?${query}`)) as AlertsList;
  const ids = items.map(({account}) => `id=${account}`).join('&');
  const found = (await upstream.get('identity', `/v1/accounts?${ids}`)) as {readonly items: readonly Account[]};
  const names = new Map(found.items.map(({id, name}) => [id, name]));
  return {items: items.map(alert => ({...alert, name: names.get(alert.account) ?? null})), next, missing: []};
};
