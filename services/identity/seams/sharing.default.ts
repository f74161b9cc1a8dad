import {randomUUID} from 'node:crypto';
import type {CreateSharing} from './sharing.ts';

const BATCH = 200;

/** Nobody else is let into the database: others hear of accounts by events. */
export const createSharing: CreateSharing = ({database, emit}) => ({
  grants: [],
  async announce() {
    const round = randomUUID();
    let announced = 0;
    for (let after = ''; ; ) {
      const batch = await database.transaction(async transaction => {
        // Locked, so that a change of the name comes before the announcement, or after it, in the outbox as in the table.
        const rows = await transaction.query<{id: string; name: string}>(
          `select id, name from accounts where id > $1 and closed_at is null order by id limit ${BATCH} for update`,
          [after],
        );
        for (const {id, name} of rows)
          await emit(transaction, {
            id: `account.announced/${id}/${round}`,
            key: id,
            type: 'account.announced',
            data: {account: id, name},
          });
        return rows;
      });
      announced += batch.length;
      const last = batch.at(-1);
      if (last === undefined || batch.length < BATCH) return announced;
      after = last.id;
    }
  },
});
