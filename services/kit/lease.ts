import {randomUUID} from 'node:crypto';
import type {Clock} from './clock.ts';
import type {Entry, KeyValue} from './key-value.ts';
import {isUnavailable} from './unavailable.ts';

/** What stands in the space: who has it, and how long it is his without a sign of life. */
interface Claim {
  readonly holder: string;
  readonly ttlMs: number;
}

export interface LeaseOptions {
  readonly key: string;
  /** Who wants it, for people; each call counts as somebody else. */
  readonly holder: string;
  /** Held this long (ms) without being renewed, it may be taken over. */
  readonly ttlMs: number;
  readonly clock: Clock;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** Something that one holder has at a time, as long as clocks run at about the same speed. */
export interface Lease {
  /** Greater than that of every holder before. Whoever takes orders from the holder refuses those with a lesser one than he has seen. */
  token(): number;
  /** Aborted when it is not held any more, at the latest when its time is over on the holder's own clock. */
  readonly lost: AbortSignal;
  /** Gives it back, so that nobody has to wait for it. */
  release(): Promise<void>;
  /** Renews it no more, without giving it back: as when the holder dies. */
  abandon(): void;
}

/** Renewed three times in its life, so that one lost answer does not end it. */
const RENEWALS_PER_TTL = 3;
/** Clocks may differ in speed by as much; the holder stops this much earlier. */
const SAFETY = 0.1;
const LOOKS_PER_TTL = 5;

/**
 * Waits until it has the lease. Time is measured by everybody on his own monotonic clock: another one's lease is taken over, by
 * compare-and-set, after its revision has stayed unchanged for its time; that it has changed is the sign of life. Nothing expires on the
 * server, and no wall clock is compared with another.
 */
export async function acquireLease(space: KeyValue, options: LeaseOptions): Promise<Lease> {
  const {key, ttlMs, clock, signal} = options;
  const claim: Claim = {holder: `${options.holder}/${randomUUID()}`, ttlMs};
  let seen: {readonly revision: number; readonly since: number} | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const begun = clock.monotonic();
    const revision = await tryOnce().catch(ignoreUnavailable);
    if (revision !== undefined) return hold(space, options, claim, {revision, since: begun});
    await clock.sleep(ttlMs / LOOKS_PER_TTL, signal);
  }

  async function tryOnce(): Promise<number | undefined> {
    const entry = await space.get(key);
    if (entry === undefined) return space.create(key, claim);
    // Taken by a call whose answer got lost.
    if (claimOf(entry).holder === claim.holder) return space.compareAndSet(key, claim, entry.revision);
    if (seen?.revision !== entry.revision) seen = {revision: entry.revision, since: clock.monotonic()};
    const isOver = clock.monotonic() - seen.since >= claimOf(entry).ttlMs;
    return isOver ? space.compareAndSet(key, claim, entry.revision) : undefined;
  }
}

function hold(
  space: KeyValue,
  {key, ttlMs, clock}: LeaseOptions,
  claim: Claim,
  taken: {readonly revision: number; readonly since: number},
): Lease {
  const lost = new AbortController();
  const ended = new AbortController();
  const either = AbortSignal.any([lost.signal, ended.signal]);
  let {revision} = taken;
  /** Before the last renewal that is known to have been made was asked for. */
  let {since} = taken;
  const renewing = renewForEver();
  void watchTime();

  async function renewForEver(): Promise<void> {
    while (!either.aborted) {
      await clock.sleep(ttlMs / RENEWALS_PER_TTL, either).catch(() => undefined);
      if (either.aborted) return;
      // What is away may be back for the next one; anything else would go wrong each time.
      await renew().catch((error: unknown) => isUnavailable(error) || lost.abort(error));
    }
  }

  async function renew(): Promise<void> {
    const begun = clock.monotonic();
    let renewed = await space.compareAndSet(key, claim, revision);
    if (renewed === undefined) {
      const entry = await space.get(key);
      // The answer to an earlier renewal got lost.
      const isOurs = entry !== undefined && claimOf(entry).holder === claim.holder;
      renewed = isOurs ? await space.compareAndSet(key, claim, entry.revision) : undefined;
    }
    if (renewed === undefined) return lost.abort(new Error(`The lease ${key} was taken over.`));
    revision = renewed;
    since = begun;
  }

  /** The time is over whether or not an answer comes. */
  async function watchTime(): Promise<void> {
    while (!either.aborted) {
      const left = since + ttlMs * (1 - SAFETY) - clock.monotonic();
      if (left <= 0) lost.abort(new Error(`The lease ${key} could not be renewed in time.`));
      else await clock.sleep(left, either).catch(() => undefined);
    }
  }

  return {
    token: () => revision,
    lost: lost.signal,
    async release() {
      ended.abort();
      await renewing;
      if (!lost.signal.aborted) await space.delete(key, revision).catch(ignoreUnavailable);
      lost.abort(new Error(`The lease ${key} was given back.`));
    },
    abandon() {
      ended.abort();
      lost.abort(new Error(`The lease ${key} was abandoned.`));
    },
  };
}

function claimOf({value}: Entry): Claim {
  const {holder, ttlMs} = (typeof value === 'object' && value !== null ? value : {}) as Partial<Claim>;
  return {holder: String(holder), ttlMs: typeof ttlMs === 'number' && ttlMs > 0 ? ttlMs : 0};
}

function ignoreUnavailable(error: unknown): undefined {
  if (!isUnavailable(error)) throw error;
}
