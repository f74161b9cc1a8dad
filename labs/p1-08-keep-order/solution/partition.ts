import type {Settlement} from 'teralab/kit/broker';
import type {CreatePartition} from 'teralab/stream/seams/partition';

/** An account's events have one partition, and a partition has one worker at a time, who says that it is still at work. */
export const createPartition: CreatePartition = () => ({
  key: event => event.account,

  async work(batch, {handle, extend}) {
    const settlements: Settlement[] = [];
    for (const message of batch) {
      settlements.push(...(await handle([message])));
      // Whoever has lost the batch leaves the rest of it to the next one.
      if (settlements.at(-1)?.settle !== 'ack' || !(await extend())) break;
    }
    return settlements;
  },
});
