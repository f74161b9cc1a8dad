import type {UpstreamCall} from 'teralab/gateway/seams/compose';
import type {Account, AlertsList, ComposeAlerts, NamedAlert} from 'teralab/gateway/seams/compose-alerts';

/** A page of alerts, each with the name of its account. */
export const composeAlerts: ComposeAlerts = async ({limit, cursor}, upstream) => {
  const query = cursor === undefined ? `limit=${limit}` : `limit=${limit}&cursor=${cursor}`;
  const {items, next} = (await upstream.get('stream', `/v1/sign-in-alerts?${query}`)) as AlertsList;
  const named: NamedAlert[] = [];
  for (const alert of items) named.push({...alert, name: await nameOf(alert.account, upstream)});
  return {items: named, next, missing: []};
};

/** The name of an account, or null where it is not open any more. */
async function nameOf(account: string, upstream: UpstreamCall): Promise<string | null> {
  try {
    return ((await upstream.get('identity', `/v1/accounts/${account}`)) as Account).name;
  } catch (error) {
    if ((error as {readonly status?: number}).status === 404) return null;
    throw error;
  }
}
