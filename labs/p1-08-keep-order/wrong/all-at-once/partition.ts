import type {CreatePartition} from 'teralab/stream/seams/partition';

/** The right key, and a worker that starts all of a batch at the same time. The order that the broker kept is lost in the last step. */
export const createPartition: CreatePartition = () => ({
  key: event => event.account,

  async work(batch, {handle}) {
    const settlements = await Promise.all(batch.map(message => handle([message])));
    return settlements.flat();
  },
});
