import type {Delivery} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Works on each message for as long as its kind says, and lets it take effect once. Every attempt is written down before. */
export const createHandler: CreateHandler = ({database, clock, apply, savePosition}) => {
  async function handleOne(message: Delivery): Promise<void> {
    await database.query('insert into attempts (message_id) values ($1)', [message.id]);
    await clock.sleep(workMs(message));
    await database.transaction(async transaction => {
      const inserted = await transaction.query(
        'insert into handled (id) values ($1) on conflict (id) do nothing returning id',
        [message.id],
      );
      if (inserted.length > 0) await apply(transaction, [message]);
      await savePosition(transaction, [message]);
    });
  }

  return {
    async start() {
      // Replicas start at the same time, and one of them is faster.
      const table = 'create table if not exists attempts (seq bigserial primary key, message_id text not null)';
      await database.query(table).catch(() => database.query(table));
    },
    async handle(batch) {
      for (const message of batch) await handleOne(message);
      return batch.map(() => ({settle: 'ack'}));
    },
  };
};

function workMs({data}: Delivery): number {
  return Number(/^work-(\d+)$/.exec((data as {kind: string}).kind)?.[1] ?? 20);
}
