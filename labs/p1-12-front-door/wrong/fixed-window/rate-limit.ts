import type {Limit} from 'teralab/gateway/seams/limits';
import type {CreateRateLimit, LimitStore, RateDecision} from 'teralab/gateway/seams/rate-limit';

const WINDOW_MS = 1_000;
const PACK = 4;
const STORE_WITHIN_MS = 200;
const STORE_RESTS_MS = 1_000;

type Known = {window: number; pack: number; full: boolean; alone: number; fetching: Promise<void> | undefined};

/** A counter per client and second, in the store; gateways count in packs. Alone while the store is away. */
export const createRateLimit: CreateRateLimit = ({store, clock}) => {
  const clients = new Map<string, Known>();
  let storeRestsUntil = 0;

  async function fetchPack(client: string, known: Known, limit: Limit): Promise<void> {
    try {
      const late = clock.sleep(STORE_WITHIN_MS).then(() => Promise.reject(new Error('too late')));
      const counted = await Promise.race([countPack(store, `limit/${client}`, known.window, limit), late]);
      if (counted) known.pack += PACK;
      else known.full = true;
    } catch {
      storeRestsUntil = clock.monotonic() + STORE_RESTS_MS;
    }
  }

  return {
    async take(client, limit): Promise<RateDecision> {
      const refused = {allowed: false, retryAfterSeconds: (WINDOW_MS - (clock.now() % WINDOW_MS)) / 1_000} as const;
      for (;;) {
        const window = Math.floor(clock.now() / WINDOW_MS);
        const last = clients.get(client);
        const known = last?.window === window ? last : {window, pack: 0, full: false, alone: 0, fetching: undefined};
        clients.set(client, known);
        if (known.pack > 0) {
          known.pack -= 1;
          return {allowed: true};
        }
        if (known.full) return refused;
        if (clock.monotonic() < storeRestsUntil) {
          known.alone += 1;
          return known.alone <= limit.ratePerSecond ? {allowed: true} : refused;
        }
        known.fetching ??= fetchPack(client, known, limit).finally(() => {
          known.fetching = undefined;
        });
        await known.fetching;
      }
    },
  };
};

async function countPack(store: LimitStore, key: string, window: number, limit: Limit): Promise<boolean> {
  for (;;) {
    const entry = await store.get(key);
    const last = entry?.value as {window: number; count: number} | undefined;
    const count = (last?.window === window ? last.count : 0) + PACK;
    if (count > limit.ratePerSecond) return false;
    const written = entry
      ? store.compareAndSet(key, {window, count}, entry.revision)
      : store.create(key, {window, count});
    if ((await written) !== undefined) return true;
  }
}
