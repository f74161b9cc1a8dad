import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Ids and effects are one transaction, the position is another. Whoever trusts the position after a crash in between is wrong by a batch. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => ({
  async handle(batch) {
    await database.transaction(async transaction => {
      const inserted = await transaction.query<{id: string}>(
        'insert into handled (id) select unnest($1::text[]) on conflict (id) do nothing returning id',
        [batch.map(({id}) => id)],
      );
      const fresh = new Set(inserted.map(({id}) => id));
      await apply(
        transaction,
        batch.filter(({id}) => fresh.delete(id)),
      );
    });
    await savePosition(database, batch);
    return batch.map(() => ({settle: 'ack'}));
  },
});
