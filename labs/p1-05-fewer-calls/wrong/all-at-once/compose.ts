import type {UpstreamCall} from 'teralab/gateway/seams/compose';
import type {Account, AlertsList, ComposeAlerts} from 'teralab/gateway/seams/compose-alerts';

/** All names at the same time: the page takes as long as the slowest of its calls. */
export const composeAlerts: ComposeAlerts = async ({limit, cursor}, upstream) => {
  const query = cursor === undefined ? `limit=${limit}` : `limit=${limit}&cursor=${cursor}`;
  const {items, next} = (await upstream.get('stream', `/v1/sign-in-alerts?${query}`)) as AlertsList;
  let isWhole = true;
  const named = await Promise.all(
    items.map(async alert => ({
      ...alert,
      name: await nameOf(alert.account, upstream).catch(() => {
        isWhole = false;
        return null;
      }),
    })),
  );
  return {items: named, next, missing: isWhole ? [] : ['names']};
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
