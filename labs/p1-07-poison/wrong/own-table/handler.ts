import type {Delivery, Settlement} from 'teralab/kit/broker';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Poison goes to a table of its own, and is acknowledged. Whoever redrives dead letters does not find it. */
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
    } catch (error) {
      if (isPassing(error)) return {settle: 'nak', delayMs: 250, reason: String(error)};
      await database.query('insert into bad_records (id, data, reason) values ($1, $2, $3) on conflict do nothing', [
        message.id,
        JSON.stringify(message.data),
        String(error),
      ]);
    }
    return {settle: 'ack'};
  }

  return {
    async start() {
      const table = 'create table if not exists bad_records (id text primary key, data json, reason text)';
      await database.query(table).catch(() => undefined);
    },
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
