import type {CreatePartition} from 'teralab/stream/seams/partition';

/** A lock for each account. The other three processes have locks of their own. */
export const createPartition: CreatePartition = () => {
  const locks = new Map<string, Promise<unknown>>();

  function inTurn<T>(account: string, work: () => Promise<T>): Promise<T> {
    const done = (locks.get(account) ?? Promise.resolve()).then(work);
    locks.set(
      account,
      done.catch(() => undefined),
    );
    return done;
  }

  return {
    key: event => event.id,

    async work(batch, {handle, extend}) {
      const beat = setInterval(() => void extend().catch(() => undefined), 150);
      try {
        const work = batch.map(message => inTurn((message.data as {account: string}).account, () => handle([message])));
        return (await Promise.all(work)).flat();
      } finally {
        clearInterval(beat);
      }
    },
  };
};
