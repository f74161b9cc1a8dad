import type {CreateHandler} from 'teralab/stream/seams/handler';

/** A transaction for each message, in a table of its own: slower, and a batch may be half done when somebody dies. It is done in the end. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => ({
  async start() {
    await database.query('create table if not exists done (message text primary key)').catch(() => undefined);
  },
  async handle(batch) {
    for (const message of batch)
      await database.transaction(async transaction => {
        const text = 'insert into done (message) values ($1) on conflict do nothing returning message';
        const isNew = (await transaction.query(text, [message.id])).length > 0;
        if (isNew) await apply(transaction, [message]);
        await savePosition(transaction, [message]);
      });
    return batch.map(() => ({settle: 'ack'}));
  },
});
