import type {Limit} from 'teralab/gateway/seams/limits';
import type {CreateRateLimit, LimitStore, RateDecision} from 'teralab/gateway/seams/rate-limit';

/** Tokens that a gateway takes out of the shared bucket at once, for requests to come. */
const PACK = 4;
const STORE_WITHIN_MS = 200;
const STORE_RESTS_MS = 1_000;

type Bucket = {tokens: number; at: number};
type Known = {pack: number; emptyUntil: number; alone: Bucket; fetching: Promise<void> | undefined};

/** The bucket is in the store; gateways take packs of tokens out of it. While the store is away, each has a bucket of its own. */
export const createRateLimit: CreateRateLimit = ({store, clock}) => {
  const clients = new Map<string, Known>();
  let storeRestsUntil = 0;

  async function fetchPack(client: string, known: Known, limit: Limit): Promise<void> {
    try {
      const late = clock.sleep(STORE_WITHIN_MS).then(() => Promise.reject(new Error('too late')));
      const taken = await Promise.race([takePack(store, `limit/${client}`, limit, () => clock.now()), late]);
      known.pack += taken.tokens;
      known.emptyUntil = clock.monotonic() + taken.nextInMs;
    } catch {
      storeRestsUntil = clock.monotonic() + STORE_RESTS_MS;
    }
  }

  return {
    async take(client, limit) {
      const alone = {tokens: limit.burst, at: clock.monotonic()};
      const known = clients.get(client) ?? {pack: 0, emptyUntil: 0, alone, fetching: undefined};
      clients.set(client, known);
      for (;;) {
        const now = clock.monotonic();
        if (known.pack >= 1) {
          known.pack -= 1;
          return {allowed: true};
        }
        if (now < known.emptyUntil) return {allowed: false, retryAfterSeconds: (known.emptyUntil - now) / 1_000};
        if (now < storeRestsUntil) return takeOne(known.alone, limit, now);
        known.fetching ??= fetchPack(client, known, limit).finally(() => {
          known.fetching = undefined;
        });
        await known.fetching;
      }
    },
  };
};

async function takePack(store: LimitStore, key: string, limit: Limit, now: () => number) {
  for (;;) {
    const entry = await store.get(key);
    const full = {tokens: limit.burst, at: now()};
    const bucket = refilled((entry?.value as Bucket | undefined) ?? full, limit, now());
    const tokens = Math.min(PACK, Math.floor(bucket.tokens));
    if (tokens < 1) return {tokens, nextInMs: ((1 - bucket.tokens) / limit.ratePerSecond) * 1_000};
    const rest = {...bucket, tokens: bucket.tokens - tokens};
    // Only if nobody has taken anything meanwhile; else look again.
    const written = entry ? store.compareAndSet(key, rest, entry.revision) : store.create(key, rest);
    if ((await written) !== undefined) return {tokens, nextInMs: 0};
  }
}

function takeOne(bucket: Bucket, limit: Limit, now: number): RateDecision {
  Object.assign(bucket, refilled(bucket, limit, now));
  if (bucket.tokens < 1) return {allowed: false, retryAfterSeconds: (1 - bucket.tokens) / limit.ratePerSecond};
  bucket.tokens -= 1;
  return {allowed: true};
}

function refilled({tokens, at}: Bucket, {ratePerSecond, burst}: Limit, now: number): Bucket {
  return {tokens: Math.min(burst, tokens + (Math.max(0, now - at) / 1_000) * ratePerSecond), at: now};
}
