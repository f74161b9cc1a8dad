import type {RateLimitTools} from './rate-limit.ts';
import {createSharedDebts} from './shared-debts.ts';

/** A client as one gateway knows him. A debt is the time, in ms, until his bucket is full: a request costs `1000 / rate`, and time pays back. */
export interface Debtor {
  readonly id: string;
  /** What he owes as far as is known here, at `at` on the monotonic clock. */
  debt: number;
  at: number;
  /** What of it the store has not been told. */
  untold: number;
}

/**
 * This share of his rate a client may use at a gateway without the store being told: most are far below their limits, and cost no round trip.
 * It is also the most that each further gateway adds to what a client can get by spreading his requests with care.
 */
export const FREE_SHARE = 0.05;

export function melt(debtor: Debtor, now: number): void {
  const ms = now - debtor.at;
  debtor.at = now;
  debtor.debt = Math.max(0, debtor.debt - ms);
  // What has been paid back meanwhile need not be told any more.
  debtor.untold = Math.max(0, Math.min(debtor.untold - FREE_SHARE * ms, debtor.debt));
}

/** Tells the store what was granted here, and debtors what they owe for what was granted elsewhere. */
export interface Teller {
  /** Settles when the store has been told, or has not answered in time; never rejects. */
  tell(debtor: Debtor): Promise<void>;
  /** The store did not answer the last time, and is left alone for a while. */
  isAway(): boolean;
}

/** A request waits for the store no longer than this. */
const ANSWER_WITHIN_MS = 150;
const AWAY_FOR_MS = 1_000;

export function createTeller({store, clock, log}: RateLimitTools): Teller {
  const debts = createSharedDebts(store, clock);
  /** Of each shelf: the last round, and whom the next one is about. One is under way at a time. */
  const rounds = new Map<number, Promise<void>>();
  const gathering = new Map<number, Set<Debtor>>();
  let awayUntil: number | undefined;

  async function tellAll(shelf: number, debtors: ReadonlySet<Debtor>): Promise<void> {
    const told = [...debtors].map(debtor => ({debtor, cost: debtor.untold}));
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error('The store did not answer in time.')), ANSWER_WITHIN_MS);
    try {
      const costs = new Map(told.map(({debtor, cost}) => [debtor.id, cost]));
      const owed = await unlessAborted(debts.add(shelf, costs, late.signal), late.signal);
      const now = clock.monotonic();
      for (const {debtor, cost} of told) {
        melt(debtor, now);
        debtor.untold = Math.max(0, debtor.untold - cost);
        debtor.debt = (owed.get(debtor.id) ?? 0) + debtor.untold;
      }
      if (awayUntil !== undefined) log.info({}, 'the store of rate limits answers again');
      awayUntil = undefined;
    } catch (error) {
      if (awayUntil === undefined)
        log.warn({err: error}, 'the store of rate limits does not answer: each gateway limits alone until it does');
      awayUntil = clock.monotonic() + AWAY_FOR_MS;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    tell(debtor) {
      const shelf = debts.shelfOf(debtor.id);
      const debtors = gathering.get(shelf);
      debtors?.add(debtor);
      const last = rounds.get(shelf);
      if (debtors !== undefined && last !== undefined) return last;
      const next = new Set([debtor]);
      gathering.set(shelf, next);
      const round = (last ?? Promise.resolve()).then(() => {
        gathering.delete(shelf);
        return tellAll(shelf, next);
      });
      rounds.set(shelf, round);
      return round;
    },
    isAway: () => awayUntil !== undefined && clock.monotonic() < awayUntil,
  };
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, {once: true});
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
