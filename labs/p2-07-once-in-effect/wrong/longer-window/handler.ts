import type {CreateHandler} from 'teralab/stream/seams/handler';

/** The window is in the database and a day long. What comes after two days counts again. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => ({
  async handle(batch) {
    await database.transaction(async transaction => {
      await transaction.query("delete from handled where at < now() - interval '1 day'");
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
