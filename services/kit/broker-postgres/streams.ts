import {sqlState} from '../postgres-errors.ts';
import {NO_STREAM} from './schema.ts';
import type {Session} from './session.ts';

const PARTITIONS_DEFAULT = 8;

/**
 * The streams that this process has declared. A broker that was emptied under our feet gets them again when something is done with
 * them, so that declaring one at start is enough.
 */
export interface Streams {
  ensure(name: string, partitions?: number): Promise<void>;
  /** Runs `work`; where it fails because a declared stream is not there, makes the stream and runs it again. */
  withStream<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export function createStreams(session: Session): Streams {
  const declared = new Map<string, number>();

  async function create(name: string, partitions: number): Promise<void> {
    await session.query('insert into broker.streams (name, partitions) values ($1, $2) on conflict do nothing', [
      name,
      partitions,
    ]);
  }

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
        if (sqlState(error) !== NO_STREAM || partitions === undefined) throw error;
        await create(name, partitions);
        return work();
      }
    },
  };
}
