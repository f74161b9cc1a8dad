import type {CreatePartition} from 'teralab/stream/seams/partition';

/** Acknowledges at once and works behind that, one after the other for each account. What waits in memory dies with the process. */
export const createPartition: CreatePartition = ({log}) => {
  const queues = new Map<string, Promise<unknown>>();

  return {
    key: event => event.account,

    async work(batch, {handle}) {
      for (const message of batch) {
        const before = queues.get(message.key) ?? Promise.resolve();
        const done = before.then(() => handle([message]));
        queues.set(
          message.key,
          done.catch(error => log.error({err: error}, 'a message was lost')),
        );
      }
      return batch.map(() => ({settle: 'ack'}));
    },
  };
};
