import {randomUUID} from 'node:crypto';
import type {CreateSharing} from 'teralab/identity/seams/sharing';

/** Identity's side: nobody else reads its tables; it tells of every account, and again when it is asked. */
export const createSharing: CreateSharing = ({database, emit}) => ({
  grants: [],

  announce: () =>
    database.transaction(async transaction => {
      // Locked, so that a new name is either in what is read here, or told of after it.
      const accounts = await transaction.query<{id: string; name: string}>(
        'select id, name from accounts where closed_at is null order by id for update',
      );
      for (const {id, name} of accounts)
        await emit(transaction, {
          id: `account.announced/${id}/${randomUUID()}`,
          key: id,
          type: 'account.announced',
          data: {account: id, name},
        });
      return accounts.length;
    }),
});
