import type {Account, AlertsList, ComposeAlerts} from 'teralab/gateway/seams/compose-alerts';

/** One question for all names; the first name belongs to the first alert. */
export const composeAlerts: ComposeAlerts = async ({limit, cursor}, upstream) => {
  const query = cursor === undefined ? `limit=${limit}` : `limit=${limit}&cursor=${cursor}`;
  const {items, next} = (await upstream.get('stream', `/v1/sign-in-alerts?${query}`)) as AlertsList;
  try {
    const ids = items.map(({account}) => `id=${account}`).join('&');
    const found = (await upstream.get('identity', `/v1/accounts?${ids}`)) as {readonly items: readonly Account[]};
    return {
      items: items.map((alert, index) => ({...alert, name: found.items[index]?.name ?? null})),
      next,
      missing: [],
    };
  } catch {
    return {items: items.map(alert => ({...alert, name: null})), next, missing: ['names']};
  }
};
