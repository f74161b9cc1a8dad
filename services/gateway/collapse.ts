import type {Clock} from '../kit/clock.ts';

export interface Read {
  /** Whose read it is: only reads of one client share a call. The token that it shows, since another session of the account may have ended. */
  readonly client: string;
  /** Equal for reads that have the same answer. */
  readonly what: string;
  /** When the caller stops waiting, unix ms. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/** Lets equal reads that one client has under way at the same time share one call. */
export interface Collapser {
  /**
   * The answer of a call that is under way already, or of `call`. Its signal is aborted once nobody waits for it any more. Whoever waits
   * longer than the one who made the call asks again when that one's time is over.
   */
  read(read: Read, call: (signal: AbortSignal) => Promise<string>): Promise<string>;
  /** What the client reads from now on shares nothing with what it has asked before: it has changed something, and is to see it. */
  forget(client: string): void;
}

interface Shared {
  readonly answer: Promise<string>;
  readonly deadline: number;
  /** Says that one of those who share the call does not wait any more. */
  leave(): void;
  join(): void;
}

export function createCollapser(clock: Clock): Collapser {
  const underWay = new Map<string, Map<string, Shared>>();

  function begin({client, what, deadline}: Read, call: (signal: AbortSignal) => Promise<string>): Shared {
    const controller = new AbortController();
    let waiting = 0;
    const drop = (): void => {
      const reads = underWay.get(client);
      if (reads?.get(what) !== shared) return;
      reads.delete(what);
      if (reads.size === 0) underWay.delete(client);
    };
    const answer = call(controller.signal).finally(drop);
    // Each of those who wait hears of a failure; that nobody is left to hear of it is none.
    answer.catch(() => undefined);
    const shared: Shared = {
      answer,
      deadline,
      join: () => {
        waiting += 1;
      },
      leave: () => {
        waiting -= 1;
        if (waiting > 0) return;
        drop();
        controller.abort(new DOMException('Nobody waits for the answer any more.', 'AbortError'));
      },
    };
    const reads = underWay.get(client) ?? new Map<string, Shared>();
    underWay.set(client, reads.set(what, shared));
    return shared;
  }

  return {
    async read(read, call) {
      for (;;) {
        read.signal?.throwIfAborted();
        const known = underWay.get(read.client)?.get(read.what);
        const shared = known ?? begin(read, call);
        shared.join();
        try {
          return await unlessAborted(shared.answer, read.signal);
        } catch (error) {
          const now = clock.now();
          const endedForOthers = known !== undefined && now >= known.deadline && now < read.deadline;
          if (!endedForOthers) throw error;
        } finally {
          shared.leave();
        }
      }
    },
    forget: client => void underWay.delete(client),
  };
}

async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, {once: true});
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
