import {removeQuota, setQuota, unlessSuperseded} from '../quota-store.ts';
import type {CreateRepository} from './repository.ts';

/** Quotas as rows, one an account. */
export const createRepository: CreateRepository = ({database}) => ({
  async read(account) {
    const [row] = await database.query<{events_per_second: number}>(
      'select events_per_second from quotas where account = $1',
      [account],
    );
    return row?.events_per_second ?? null;
  },
  write: async (account, eventsPerSecond) =>
    unlessSuperseded(await setQuota(database, account, eventsPerSecond, undefined)).isNew,
  remove: account => removeQuota(database, account, undefined),
});
