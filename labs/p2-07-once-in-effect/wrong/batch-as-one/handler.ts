import type {CreateHandler} from 'teralab/stream/seams/handler';

/** One row for a batch, by its first message. A batch that comes again need not hold the same messages. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => ({
  async handle(batch) {
    await database.transaction(async transaction => {
      const inserted = await transaction.query(
        'insert into handled (id) values ($1) on conflict (id) do nothing returning id',
        [batch[0]?.id],
      );
      if (inserted.length > 0) await apply(transaction, batch);
      await savePosition(transaction, batch);
    });
    return batch.map(() => ({settle: 'ack'}));
  },
});
