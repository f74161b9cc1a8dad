import {Problem} from '../kit/problem.ts';
import type {Kit} from '../kit/service.ts';

export interface Spending {
  /** Takes `events` off what the account may send. Throws a problem 429 when that is used up. */
  spend(account: string, events: number): Promise<void>;
  /** What is known of an account's quota is not true any more. */
  forget(account: string): void;
}

/** Reads what an account may send in a second; null: it has no quota. */
export type ReadQuota = (account: string) => Promise<number | null>;

interface Bucket {
  /** Null: without a quota. */
  perSecond: number | null;
  readAt: number;
  /** Falls below zero by a batch that is larger than what is left: it is paid for by waiting. */
  left: number;
  filledAt: number;
}

/** A changed quota holds on other replicas after this time at the latest. */
const READ_EVERY_MS = 5_000;
const ACCOUNTS_MAX = 10_000;

/**
 * Token buckets, which hold what an account may send in a second. Each replica has its own, so an account that is spread over several has as
 * many times its quota. While the database is away the quota that was read last holds, or none.
 */
export function createSpending({clock, log}: Pick<Kit, 'clock' | 'log'>, readQuota: ReadQuota): Spending {
  // In order of use, so that the first is the one that was used longest ago.
  const buckets = new Map<string, Bucket>();

  async function bucketOf(account: string): Promise<Bucket> {
    const known = buckets.get(account);
    const now = clock.monotonic();
    if (known !== undefined && now - known.readAt < READ_EVERY_MS) return known;
    const perSecond = await quotaOf(account, known?.perSecond ?? null);
    const bucket = buckets.get(account) ?? {perSecond, readAt: now, left: perSecond ?? 0, filledAt: now};
    if (bucket.perSecond === null && perSecond !== null) Object.assign(bucket, {left: perSecond, filledAt: now});
    Object.assign(bucket, {perSecond, readAt: now});
    return bucket;
  }

  async function quotaOf(account: string, fallback: number | null): Promise<number | null> {
    try {
      return await readQuota(account);
    } catch (error) {
      log.debug({err: error}, 'a quota cannot be read');
      return fallback;
    }
  }

  return {
    async spend(account, events) {
      const bucket = await bucketOf(account);
      buckets.delete(account);
      buckets.set(account, bucket);
      const [oldest] = buckets.size > ACCOUNTS_MAX ? buckets.keys() : [];
      if (oldest !== undefined) buckets.delete(oldest);
      if (bucket.perSecond === null) return;
      const now = clock.monotonic();
      const filled = bucket.left + ((now - bucket.filledAt) / 1_000) * bucket.perSecond;
      Object.assign(bucket, {left: Math.min(bucket.perSecond, filled), filledAt: now});
      if (bucket.left <= 0) throw exceeded(bucket.perSecond, bucket.left);
      bucket.left -= events;
    },
    forget: account => void buckets.delete(account),
  };
}

function exceeded(perSecond: number, left: number): Problem {
  const seconds = Math.max(1, Math.ceil((1 - left) / perSecond));
  const detail = `This account may send ${perSecond} events a second.`;
  return new Problem({status: 429, kind: 'quota-exceeded', detail, headers: {'retry-after': String(seconds)}});
}
