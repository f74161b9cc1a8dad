import type {Settlement} from 'teralab/kit/broker';
import type {CreatePartition} from 'teralab/stream/seams/partition';

/** One key for all: nothing overtakes anything, and three of four consumers have nothing to do. */
export const createPartition: CreatePartition = () => ({
  key: () => 'activity',

  async work(batch, {handle, extend}) {
    const settlements: Settlement[] = [];
    for (const message of batch) {
      settlements.push(...(await handle([message])));
      if (settlements.at(-1)?.settle !== 'ack' || !(await extend())) break;
    }
    return settlements;
  },
});
