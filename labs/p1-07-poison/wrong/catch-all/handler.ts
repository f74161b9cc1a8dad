import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Whatever throws becomes a dead letter, with its reason. So does every event that comes while the database is away. */
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

  async function settle(message: Delivery): Promise<Settlement> {
    try {
      await handleOnce([message]);
      return {settle: 'ack'};
    } catch (error) {
      return {settle: 'term', reason: String(error)};
    }
  }

  return {
    async handle(batch) {
      const settlements: Settlement[] = [];
      for (const message of batch) settlements.push(await settle(message));
      return settlements;
    },
  };
};
