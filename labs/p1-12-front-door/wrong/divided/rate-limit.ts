import type {Limit} from 'teralab/gateway/seams/limits';
import type {CreateRateLimit, RateDecision} from 'teralab/gateway/seams/rate-limit';

type Bucket = {tokens: number; at: number};

const GATEWAYS = 2;

/** Each gateway grants its share of the limit. */
export const createRateLimit: CreateRateLimit = ({clock}) => {
  const buckets = new Map<string, Bucket>();
  return {
    take(client, {ratePerSecond, burst}) {
      const limit = {ratePerSecond: ratePerSecond / GATEWAYS, burst: burst / GATEWAYS};
      const now = clock.monotonic();
      const bucket = buckets.get(client) ?? {tokens: limit.burst, at: now};
      buckets.set(client, bucket);
      return takeOne(bucket, limit, now);
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
