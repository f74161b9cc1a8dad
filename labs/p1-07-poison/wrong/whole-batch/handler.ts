import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Waits while the database is away, and gives up on a batch with poison in it. The others in it did nothing wrong. */
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

  return {
    async handle(batch) {
      try {
        await handleOnce(batch);
        return batch.map(() => ({settle: 'ack'}));
      } catch (error) {
        const reason = String(error);
        return batch.map(
          (): Settlement => (isPassing(error) ? {settle: 'nak', delayMs: 250, reason} : {settle: 'term', reason}),
        );
      }
    },
  };
};
