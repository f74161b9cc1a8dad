import type {CreateHandler} from 'teralab/stream/seams/handler';

/** The ids that were handled, what they did and how far the partition is: one transaction. Whatever comes again finds its id there. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => ({
  async handle(batch) {
    await database.transaction(async transaction => {
      const inserted = await transaction.query<{id: string}>(
        'insert into handled (id) select unnest($1::text[]) on conflict (id) do nothing returning id',
        [batch.map(({id}) => id)],
      );
      // Each id once, also where it is in the batch twice.
      const fresh = new Set(inserted.map(({id}) => id));
      await apply(
        transaction,
        batch.filter(({id}) => fresh.delete(id)),
      );
      await savePosition(transaction, batch);
    });
    return batch.map(() => ({settle: 'ack'}));
  },
});
