import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Gives up on a message only when repeating cannot help, and on that one alone; while the database is away everything waits. */
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

  /** What becomes of a message that was handled by itself. */
  async function settle(message: Delivery): Promise<Settlement> {
    try {
      await handleOnce([message]);
      return {settle: 'ack'};
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return isPassing(error) ? {settle: 'nak', delayMs: 250, reason} : {settle: 'term', reason};
    }
  }

  return {
    async handle(batch) {
      try {
        await handleOnce(batch);
        return batch.map(() => ({settle: 'ack'}));
      } catch {
        // One by one, which shows whose fault it was. What is behind a message that has to wait waits too.
        const settlements: Settlement[] = [];
        for (const message of batch) {
          const settlement = await settle(message);
          settlements.push(settlement);
          if (settlement.settle === 'nak') break;
        }
        return settlements;
      }
    },
  };
};
