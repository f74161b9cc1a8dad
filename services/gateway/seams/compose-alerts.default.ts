import type {Account, Alert, AlertsList, AlertsRequest, ComposeAlerts} from './compose-alerts.ts';
import {partsDeadline} from './patience-margin.ts';

/** Two calls, however many alerts there are: the alerts, and the names of all their accounts. Without names the alerts are shown all the same. */
export const composeAlerts: ComposeAlerts = async (request, upstream) => {
  const signal = partsDeadline(request.patienceMs);
  const {items, next} = (await upstream.get('stream', alertsPath(request), {signal})) as AlertsList;
  const names = await namesOf(items).catch(() => undefined);
  return {
    items: items.map(alert => ({...alert, name: names?.get(alert.account) ?? null})),
    next,
    missing: names === undefined ? ['names'] : [],
  };

  async function namesOf(alerts: readonly Alert[]): Promise<ReadonlyMap<string, string>> {
    if (alerts.length === 0) return new Map();
    const ids = new Set(alerts.map(({account}) => account));
    const query = new URLSearchParams([...ids].map((id): [string, string] => ['id', id]));
    const found = (await upstream.get('identity', `/v1/accounts?${query}`, {signal})) as {
      readonly items: readonly Account[];
    };
    return new Map(found.items.map(({id, name}) => [id, name]));
  }
};

function alertsPath({limit, cursor}: AlertsRequest): string {
  const query = new URLSearchParams({limit: String(limit), ...(cursor === undefined ? {} : {cursor})});
  return `/v1/sign-in-alerts?${query}`;
}
