import type {Limit} from './limits.ts';
import type {CreateRateLimit, RateDecision} from './rate-limit.ts';
import {idOf} from './shared-debts.ts';
import {createTeller, type Debtor, FREE_SHARE, melt} from './tell-debts.ts';

/** What may be untold for the time being. */
const FREE_MS = 1_000 * FREE_SHARE;
/** Of a burst: what is granted before the store has answered. It is paid back, for the store adds up what everybody grants. */
const CREDIT_SHARE = 0.05;
/** A bound for memory. Whoever has not been heard of for the longest time is forgotten first. */
const CLIENTS_MAX = 20_000;

/**
 * A token bucket per client that all gateways share. While the store is away each gateway goes on alone from what it knew last: who keeps
 * within his limit notices nothing, and who does not gets his limit at each gateway at most.
 */
export const createRateLimit: CreateRateLimit = tools => {
  const {clock} = tools;
  const clients = new Map<string, Debtor>();
  const teller = createTeller(tools);

  function find(name: string): Debtor {
    const now = clock.monotonic();
    const client = clients.get(name) ?? {id: idOf(name), debt: 0, at: now, untold: 0};
    // Set anew, so that the first of the map is the one that has not been heard of for the longest time.
    clients.delete(name);
    clients.set(name, client);
    const [oldest] = clients.size > CLIENTS_MAX ? clients.keys() : [];
    if (oldest !== undefined) clients.delete(oldest);
    melt(client, now);
    return client;
  }

  async function takeWhenTold(client: Debtor, limit: Limit): Promise<RateDecision> {
    for (;;) {
      await teller.tell(client);
      melt(client, clock.monotonic());
      const decision = grant(client, limit, teller.isAway());
      if (decision !== 'ask first') return decision;
    }
  }

  return {
    take(name, limit) {
      const client = find(name);
      const decision = grant(client, limit, teller.isAway());
      if (decision === 'ask first') return takeWhenTold(client, limit);
      if (client.untold > freeOf(limit) && !teller.isAway()) void teller.tell(client);
      return decision;
    },
  };
};

function grant(client: Debtor, {ratePerSecond, burst}: Limit, alone: boolean): RateDecision | 'ask first' {
  const cost = 1_000 / ratePerSecond;
  const tooMuch = client.debt + cost - burst * cost;
  if (tooMuch > ROUNDING_MS) return {allowed: false, retryAfterSeconds: tooMuch / 1_000};
  const credit = freeOf({ratePerSecond, burst}) + Math.max(cost, CREDIT_SHARE * burst * cost);
  if (!alone && client.untold + cost > credit + ROUNDING_MS) return 'ask first';
  client.debt += cost;
  client.untold += cost;
  return {allowed: true};
}

const ROUNDING_MS = 1;

function freeOf({ratePerSecond}: Limit): number {
  return Math.max(1_000 / ratePerSecond, FREE_MS);
}
