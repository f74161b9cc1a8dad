import type {UpstreamCall} from 'teralab/gateway/seams/compose';
import type {Account, AlertsList, ComposeAlerts} from 'teralab/gateway/seams/compose-alerts';

/** A page of alerts, with the names of their accounts: one question for all of them. Without names it is still a page, and says so. */
export const composeAlerts: ComposeAlerts = async ({limit, cursor}, upstream) => {
  const query = cursor === undefined ? `limit=${limit}` : `limit=${limit}&cursor=${cursor}`;
  const {items, next} = (await upstream.get('stream', `/v1/sign-in-alerts?${query}`)) as AlertsList;
  const ids = items.map(({account}) => account);
  const names = await namesOf(ids, upstream).catch(() => undefined);
  return {
    items: items.map(alert => ({...alert, name: names?.get(alert.account) ?? null})),
    next,
    missing: names === undefined ? ['names'] : [],
  };
};

/** Names by id. Accounts that are not open any more have none. */
async function namesOf(ids: readonly string[], upstream: UpstreamCall): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const query = ids.map(id => `id=${encodeURIComponent(id)}`).join('&');
  const {items} = (await upstream.get('identity', `/v1/accounts?${query}`)) as {readonly items: readonly Account[]};
  return new Map(items.map(({id, name}) => [id, name]));
}
