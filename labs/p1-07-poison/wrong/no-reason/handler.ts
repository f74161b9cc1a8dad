import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** The right ones are given up on, and the letter says that they were. */
export const createHandler: CreateHandler = ({database, apply, savePosition, isPassing}) => {
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
      if (isPassing(error)) return {settle: 'nak', delayMs: 250};
      return {settle: 'term', reason: 'the message could not be handled'};
    }
  }

  return {
    async handle(batch) {
      const settlements: Settlement[] = [];
      for (const message of batch) {
        const settlement = await settle(message);
        settlements.push(settlement);
        if (settlement.settle === 'nak') break;
      }
      return settlements;
    },
  };
};
