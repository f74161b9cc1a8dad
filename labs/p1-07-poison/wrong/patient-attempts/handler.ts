import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Thirty attempts, which is longer than the outage. So long does everything wait behind a record that nobody can read. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => {
  async function handleOnce(batch: readonly Delivery[]): Promise<void> {
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
  }

  return {
    async handle(batch) {
      const settlements: Settlement[] = [];
      for (const message of batch) {
        try {
          await handleOnce([message]);
          settlements.push({settle: 'ack'});
        } catch (error) {
          if (message.deliveries < 30) return [...settlements, {settle: 'nak', delayMs: 250, reason: String(error)}];
          settlements.push({settle: 'term', reason: String(error)});
        }
      }
      return settlements;
    },
  };
};
