import type {UpstreamCall} from 'teralab/gateway/seams/compose';
import type {Account, AlertsList, ComposeAlerts} from 'teralab/gateway/seams/compose-alerts';

const known = new Map<string, string | null>();

/** Names hardly ever change: each is asked for once, the new ones of a page together, and kept. */
export const composeAlerts: ComposeAlerts = async ({limit, cursor}, upstream) => {
  const query = cursor === undefined ? `limit=${limit}` : `limit=${limit}&cursor=${cursor}`;
  const {items, next} = (await upstream.get('stream', `/v1/sign-in-alerts?${query}`)) as AlertsList;
  const unknown = items.map(({account}) => account).filter(id => !known.has(id));
  const isWhole =
    unknown.length === 0 ||
    (await learn(unknown, upstream).then(
      () => true,
      () => false,
    ));
  return {
    items: items.map(alert => ({...alert, name: isWhole ? (known.get(alert.account) ?? null) : null})),
    next,
    missing: isWhole ? [] : ['names'],
  };
};

async function learn(ids: readonly string[], upstream: UpstreamCall): Promise<void> {
  const query = ids.map(id => `id=${id}`).join('&');
  const {items} = (await upstream.get('identity', `/v1/accounts?${query}`)) as {readonly items: readonly Account[]};
  for (const id of ids) known.set(id, items.find(account => account.id === id)?.name ?? null);
}
