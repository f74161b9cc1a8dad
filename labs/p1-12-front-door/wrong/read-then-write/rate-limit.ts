import type {Limit} from 'teralab/gateway/seams/limits';
import type {CreateRateLimit, RateDecision} from 'teralab/gateway/seams/rate-limit';

type Bucket = {tokens: number; at: number};

const STORE_WITHIN_MS = 200;
const STORE_RESTS_MS = 1_000;

/** The bucket of each client is in the store: read it, take one, write it back. Alone while the store is away. */
export const createRateLimit: CreateRateLimit = ({store, clock}) => {
  const buckets = new Map<string, Bucket>();
  let storeRestsUntil = 0;

  async function takeShared(client: string, limit: Limit): Promise<RateDecision> {
    const entry = await store.get(`limit/${client}`);
    const bucket = (entry?.value as Bucket | undefined) ?? {tokens: limit.burst, at: clock.now()};
    const decision = takeOne(bucket, limit, clock.now());
    if (decision.allowed) await store.put(`limit/${client}`, bucket);
    return decision;
  }

  return {
    async take(client, limit) {
      const now = clock.monotonic();
      const bucket = buckets.get(client) ?? {tokens: limit.burst, at: now};
      buckets.set(client, bucket);
      if (now < storeRestsUntil) return takeOne(bucket, limit, now);
      try {
        const late = clock.sleep(STORE_WITHIN_MS).then(() => Promise.reject(new Error('too late')));
        return await Promise.race([takeShared(client, limit), late]);
      } catch {
        storeRestsUntil = clock.monotonic() + STORE_RESTS_MS;
        return takeOne(bucket, limit, now);
      }
    },
  };
};

function takeOne(bucket: Bucket, limit: Limit, now: number): RateDecision {
  Object.assign(bucket, refilled(bucket, limit, now));
  if (bucket.tokens < 1) return {allowed: false, retryAfterSeconds: (1 - bucket.tokens) / limit.ratePerSecond};
  bucket.tokens -= 1;
  return {allowed: true};
}

function refilled({tokens, at}: Bucket, {ratePerSecond, burst}: Limit, now: number): Bucket {
  return {tokens: Math.min(burst, tokens + (Math.max(0, now - at) / 1_000) * ratePerSecond), at: now};
}
