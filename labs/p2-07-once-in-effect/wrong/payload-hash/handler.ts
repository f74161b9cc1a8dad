import {createHash} from 'node:crypto';
import type {CreateHandler} from 'teralab/stream/seams/handler';

/** One transaction, and a hash of what an event says in the place of its id. Who does the same thing twice at a time has done it once. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => ({
  async handle(batch) {
    await database.transaction(async transaction => {
      const hashes = batch.map(({data}) => hashOf(data));
      const inserted = await transaction.query<{id: string}>(
        'insert into handled (id) select unnest($1::text[]) on conflict (id) do nothing returning id',
        [hashes],
      );
      const fresh = new Set(inserted.map(({id}) => id));
      await apply(
        transaction,
        batch.filter((_, index) => fresh.delete(hashes[index] ?? '')),
      );
      await savePosition(transaction, batch);
    });
    return batch.map(() => ({settle: 'ack'}));
  },
});

function hashOf(data: unknown): string {
  const {account, kind, at} = data as {account: string; kind: string; at: string};
  return createHash('sha256').update(`${account} ${kind} ${at}`).digest('hex');
}
