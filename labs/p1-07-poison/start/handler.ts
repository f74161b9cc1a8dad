import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Once in effect. Whatever cannot be read or stored throws, and the broker brings it again: until somebody looks. */
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
      await savePosition(transaction, batch);
    });
    return batch.map(() => ({settle: 'ack'}));
  },
});
