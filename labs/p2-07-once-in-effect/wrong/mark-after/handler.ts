import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Looks, does, and then writes down what it has done. Who dies before the last of the three does it again. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => ({
  async handle(batch) {
    const ids = batch.map(({id}) => id);
    const known = await database.query<{id: string}>('select id from handled where id = any ($1)', [ids]);
    const handled = new Set(known.map(({id}) => id));
    const fresh = batch.filter(({id}) => !handled.has(id));
    await database.transaction(async transaction => {
      await apply(transaction, fresh);
      await savePosition(transaction, batch);
    });
    await database.query('insert into handled (id) select unnest($1::text[]) on conflict do nothing', [ids]);
    return batch.map(() => ({settle: 'ack'}));
  },
});
