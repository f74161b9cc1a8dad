const PARTITIONS_DEFAULT = 8;

/** Somebody used a stream that the broker does not have. */
export class NoStreamError extends Error {
  constructor(stream: string, options?: ErrorOptions) {
    super(`There is no stream ${stream}.`, options);
    this.name = 'NoStreamError';
  }
}

/**
 * The streams that this process has declared. A broker that was emptied under our feet gets them again when something is done with
 * them, so that declaring one at start is enough.
 */
export interface Streams {
  ensure(name: string, partitions?: number): Promise<void>;
  /** Runs `work`; where it fails because a declared stream is not there, makes the stream and runs it again. */
  withStream<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** `create` makes a stream where it is not there yet, and `work` says with a {@link NoStreamError} that it is not. */
export function createStreams(create: (name: string, partitions: number) => Promise<void>): Streams {
  const declared = new Map<string, number>();
  return {
    async ensure(name, partitions = PARTITIONS_DEFAULT) {
      declared.set(name, partitions);
      await create(name, partitions);
    },
    async withStream(name, work) {
      try {
        return await work();
      } catch (error) {
        const partitions = declared.get(name);
        if (!(error instanceof NoStreamError) || partitions === undefined) throw error;
        await create(name, partitions);
        return work();
      }
    },
  };
}
