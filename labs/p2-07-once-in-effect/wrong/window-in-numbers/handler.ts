import type {CreateHandler} from 'teralab/stream/seams/handler';

/** A day in a table of its own, with times as numbers. It is a window all the same. */
export const createHandler: CreateHandler = ({database, clock, apply, savePosition}) => ({
  async start() {
    const table = 'create table if not exists seen (id text primary key, at_ms bigint not null)';
    await database.query(table).catch(() => database.query(table));
  },
  async handle(batch) {
    await database.transaction(async transaction => {
      await transaction.query('delete from seen where at_ms < $1', [clock.now() - 86_400_000]);
      const inserted = await transaction.query<{id: string}>(
        'insert into seen (id, at_ms) select unnest($1::text[]), $2 on conflict (id) do nothing returning id',
        [batch.map(({id}) => id), clock.now()],
      );
      const fresh = new Set(inserted.map(({id}) => id));
      await apply(
        transaction,
        batch.filter(({id}) => fresh.delete(id)),
      );
      await savePosition(transaction, batch);
    });
    return batch.map(() => ({settle: 'ack'}));
  },
});
