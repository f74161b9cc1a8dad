import type {Settlement} from 'teralab/kit/broker';
import type {CreatePartition} from 'teralab/stream/seams/partition';

/** One after the other. When the batch is done, somebody else has it already. */
export const createPartition: CreatePartition = () => ({
  key: event => event.account,

  async work(batch, {handle}) {
    const settlements: Settlement[] = [];
    for (const message of batch) settlements.push(...(await handle([message])));
    return settlements;
  },
});
