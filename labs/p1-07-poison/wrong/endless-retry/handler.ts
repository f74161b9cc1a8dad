import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Tries again, with a pause that grows. What nobody can read will not be readable after the pause. */
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
          const delayMs = Math.min(2_000, 100 * 2 ** message.deliveries);
          return [...settlements, {settle: 'nak', delayMs, reason: String(error)}];
        }
      }
      return settlements;
    },
  };
};
