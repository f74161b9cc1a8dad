import type {CreateHandler} from 'teralab/stream/seams/handler';

/** Remembers every id for ever. For ever is until the process ends, and the other replica has a memory of its own. */
export const createHandler: CreateHandler = ({database, apply, savePosition}) => {
  const seen = new Set<string>();
  return {
    async handle(batch) {
      const fresh = batch.filter(({id}) => !seen.has(id));
      await database.transaction(async transaction => {
        await apply(transaction, fresh);
        await savePosition(transaction, batch);
      });
      for (const {id} of fresh) seen.add(id);
      return batch.map(() => ({settle: 'ack'}));
    },
  };
};
