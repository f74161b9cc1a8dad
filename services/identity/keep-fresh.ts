import type {Clock} from '../kit/clock.ts';
import type {Logger} from '../kit/logger.ts';

/** Something that is read of the database, and that other replicas may change. */
export interface Fresh {
  /** Reads it now. Errors: those of reading. */
  load(): Promise<void>;
  /** Reads it, unless it was read a moment ago or is being read. While it cannot be read what was known last stays. */
  refresh(): Promise<void>;
}

export function keepFresh(
  what: string,
  read: () => Promise<void>,
  {clock, log, forMs}: {readonly clock: Clock; readonly log: Logger; readonly forMs: number},
): Fresh {
  let readAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  async function load(): Promise<void> {
    // What changes while it is read may not be in it.
    const askedAt = clock.monotonic();
    await read();
    readAt = askedAt;
  }

  return {
    load,
    async refresh() {
      if (clock.monotonic() - readAt < forMs) return;
      underWay ??= load()
        .catch(error => log.warn({err: error}, `the ${what} cannot be read; the last known ones are used`))
        .finally(() => {
          underWay = undefined;
        });
      await underWay;
    },
  };
}
