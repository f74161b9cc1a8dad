import type {CreateHandler} from 'teralab/stream/seams/handler';

const WINDOW_MS = 2_000;

/** Remembers ids for two seconds: longer than any redelivery that we have seen. */
export const createHandler: CreateHandler = ({database, clock, apply, savePosition}) => {
  const seen = new Map<string, number>();

  return {
    async handle(batch) {
      for (const [id, at] of seen) if (clock.now() - at > WINDOW_MS) seen.delete(id);
      const fresh = batch.filter(({id}) => !seen.has(id));

      await database.transaction(transaction => apply(transaction, fresh));
      for (const {id} of fresh) seen.set(id, clock.now());

      await savePosition(database, batch);
      return batch.map(() => ({settle: 'ack'}));
    },
  };
};
