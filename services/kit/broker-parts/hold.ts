import type {Claim} from '../broker.ts';
import type {Clock} from '../clock.ts';
import type {Batch, Claims} from './consume.ts';

/** A claim while its batch is worked on. */
export interface Hold<B extends Batch> extends Claim {
  /** What the work comes to, or undefined where that takes longer than the claim lasts. */
  within<T>(work: Promise<T>): Promise<T | undefined>;
  /** Extends no more, and returns the batch as it was claimed last. */
  end(): Promise<B>;
  /** When the claim expires; monotonic ms. */
  until(): number;
}

export interface HoldParts<B extends Batch> {
  readonly claims: Pick<Claims<B>, 'extend'>;
  readonly clock: Clock;
  readonly ackWaitMs: number;
  readonly heartbeatMs: number;
}

/** Extends come one after the other, because each goes by the claim that the last one has left. */
export function createHold<B extends Batch>({claims, clock, ackWaitMs, heartbeatMs}: HoldParts<B>, batch: B): Hold<B> {
  let held = batch;
  let until = clock.monotonic() + ackWaitMs;
  let lost = false;
  let last: Promise<unknown> = Promise.resolve();
  const over = new AbortController();

  async function extendNow(): Promise<boolean> {
    if (lost || over.signal.aborted) return false;
    // From when it was asked for: nobody else counts from later than that.
    const asked = clock.monotonic();
    const extended = await claims.extend(held);
    if (extended === undefined) {
      lost = true;
      return false;
    }
    held = extended;
    until = Math.max(until, asked + ackWaitMs);
    return true;
  }

  function extend(): Promise<boolean> {
    const done = last.then(extendNow);
    last = done.catch(() => undefined);
    return done;
  }

  async function beat(): Promise<void> {
    while (heartbeatMs > 0 && !over.signal.aborted && !lost) {
      await clock.sleep(heartbeatMs, over.signal).catch(() => undefined);
      // What did not come through is asked for again with the next beat.
      await extend().catch(() => undefined);
    }
  }

  async function expiry(): Promise<undefined> {
    while (!over.signal.aborted && clock.monotonic() < until)
      await clock.sleep(until - clock.monotonic(), over.signal).catch(() => undefined);
    return undefined;
  }

  return {
    extend,
    async within(work) {
      void beat();
      try {
        return await Promise.race([work, expiry()]);
      } finally {
        over.abort();
      }
    },
    async end() {
      over.abort();
      await last;
      return held;
    },
    until: () => until,
  };
}
