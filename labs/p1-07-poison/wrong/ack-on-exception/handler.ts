import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** What throws is logged and acknowledged, so that it holds up nobody. */
export const createHandler: CreateHandler = ({database, apply, savePosition, log}) => {
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
    await handleOnce([message]).catch(error =>
      log.error({err: error, id: message.id}, 'a message could not be handled'),
    );
    return {settle: 'ack'};
  }

  return {handle: batch => Promise.all(batch.map(settle))};
};
