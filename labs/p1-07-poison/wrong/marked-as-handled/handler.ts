import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Remembers ids of what it has given up on, so that they are not tried again. Not even when somebody has put them right. */
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
      const reason = String(error);
      if (isPassing(error)) return {settle: 'nak', delayMs: 250, reason};
      await database.query('insert into handled (id) values ($1) on conflict do nothing', [message.id]);
      return {settle: 'term', reason};
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
