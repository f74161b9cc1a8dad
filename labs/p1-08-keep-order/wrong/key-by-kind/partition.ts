import type {Settlement} from 'teralab/kit/broker';
import type {CreatePartition} from 'teralab/stream/seams/partition';

/** Keyed by kind: events of one kind keep their order, which nobody asked for. */
export const createPartition: CreatePartition = () => ({
  key: event => event.kind,

  async work(batch, {handle, extend}) {
    const settlements: Settlement[] = [];
    for (const message of batch) {
      settlements.push(...(await handle([message])));
      if (settlements.at(-1)?.settle !== 'ack' || !(await extend())) break;
    }
    return settlements;
  },
});
