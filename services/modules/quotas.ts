import type {Provisioning} from '../identity/provisioning.ts';
import {Problem} from '../kit/problem.ts';
import type {Kit} from '../kit/service.ts';

/** What an account may send at first. */
const EVENTS_PER_SECOND = 1_000;
const WITHIN_MS = 1_500;

/** Gives each new account its quota: in the account's own transaction where quotas are here, else by a call when that is committed. */
export function provisionQuota({links, clock, log}: Kit, isLocal: boolean): Provisioning {
  if (isLocal) {
    return {
      quotasAt: 'quotas',
      async within(transaction, account) {
        await transaction.query('insert into quotas (account, events_per_second) values ($1, $2)', [
          account,
          EVENTS_PER_SECOND,
        ]);
      },
    };
  }
  return {
    quotasAt: 'quotas',
    async after(account) {
      try {
        const answer = await links.request('quotas', {
          method: 'PUT',
          path: `/v1/quotas/${encodeURIComponent(account)}`,
          headers: {'content-type': 'application/json'},
          body: JSON.stringify({eventsPerSecond: EVENTS_PER_SECOND}),
          signal: AbortSignal.timeout(WITHIN_MS),
        });
        await answer.body.text();
        if (answer.status >= 300) throw new Error(`quotas answered ${answer.status}`);
      } catch (error) {
        log.warn({err: error, account, at: clock.now()}, 'an account is there without its quota');
        throw new Problem({
          status: 503,
          kind: 'quotas-unavailable',
          detail: 'The account is open, and its quota could not be set.',
        });
      }
    },
  };
}

/** Reads a quota where it is kept. Rejects when nobody answers. */
export function quotaReader({links}: Pick<Kit, 'links'>): (account: string) => Promise<number | null> {
  return async account => {
    const answer = await links.request('quotas', {
      method: 'GET',
      path: `/v1/quotas/${encodeURIComponent(account)}`,
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    if (answer.status === 404) {
      await answer.body.text();
      return null;
    }
    const body: unknown = await answer.body.json();
    if (answer.status === 200 && typeof body === 'object' && body !== null && 'eventsPerSecond' in body)
      return Number(body.eventsPerSecond);
    throw new Error(`quotas answered ${answer.status}`);
  };
}
