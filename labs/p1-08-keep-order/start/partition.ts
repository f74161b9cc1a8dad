import type {CreatePartition} from 'teralab/stream/seams/partition';

/** Spreads events evenly over the partitions, and a worker does all that it gets at once: nobody waits for anybody. */
export const createPartition: CreatePartition = () => ({
  key: event => event.id,

  async work(batch, {handle}) {
    const settlements = await Promise.all(batch.map(message => handle([message])));
    return settlements.flat();
  },
});
