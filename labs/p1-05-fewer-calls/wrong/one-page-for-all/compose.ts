import type {UpstreamCall} from 'teralab/gateway/seams/compose';
import type {Account, AlertsList, AlertsPage, ComposeAlerts} from 'teralab/gateway/seams/compose-alerts';

const FRESH_FOR_MS = 500;

const kept = new Map<string, {readonly page: AlertsPage; readonly at: number}>();

/** One question for all names; and for half a second, one page for all who ask for it. */
export const composeAlerts: ComposeAlerts = async ({limit, cursor}, upstream) => {
  const query = cursor === undefined ? `limit=${limit}` : `limit=${limit}&cursor=${cursor}`;
  const known = kept.get(query);
  if (known !== undefined && performance.now() - known.at < FRESH_FOR_MS) return known.page;
  const at = performance.now();
  const {items, next} = (await upstream.get('stream', `/v1/sign-in-alerts?${query}`)) as AlertsList;
  const names = await namesOf(
    items.map(({account}) => account),
    upstream,
  ).catch(() => undefined);
  const page: AlertsPage = {
    items: items.map(alert => ({...alert, name: names?.get(alert.account) ?? null})),
    next,
    missing: names === undefined ? ['names'] : [],
  };
  if (names !== undefined) kept.set(query, {page, at});
  return page;
};

async function namesOf(ids: readonly string[], upstream: UpstreamCall): Promise<ReadonlyMap<string, string>> {
  const query = ids.map(id => `id=${id}`).join('&');
  const {items} = (await upstream.get('identity', `/v1/accounts?${query}`)) as {readonly items: readonly Account[]};
  return new Map(items.map(({id, name}) => [id, name]));
}
