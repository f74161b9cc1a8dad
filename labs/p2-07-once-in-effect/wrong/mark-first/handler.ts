import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Writes the ids down and then does the work: never twice. Nor, for who dies in between, once. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => ({
  async handle(batch) {
    const inserted = await database.query<{id: string}>(
      'insert into handled (id) select unnest($1::text[]) on conflict (id) do nothing returning id',
      [batch.map(({id}) => id)],
    );
    const fresh = new Set(inserted.map(({id}) => id));
    await database.transaction(async transaction => {
      await apply(
        transaction,
        batch.filter(({id}) => fresh.delete(id)),
      );
      await savePosition(transaction, batch);
    });
    return batch.map(() => ({settle: 'ack'}));
  },
});
