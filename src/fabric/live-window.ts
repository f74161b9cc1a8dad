/** Answers of the last ten seconds, in slots of a second with logarithmic buckets: percentiles are right within 1.5 %. */
export interface LiveFigures {
  readonly requests: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  readonly ratePerSecond: number;
}

const WINDOW_SECONDS = 10;
const BUCKET_FIRST_MS = 0.01;
const BUCKET_GROWTH = 1.03;
/** The last one ends at 20 minutes. */
const BUCKETS = Math.ceil(Math.log(1_200_000 / BUCKET_FIRST_MS) / Math.log(BUCKET_GROWTH));

interface Slot {
  second: number;
  requests: number;
  errors: number;
  readonly buckets: Uint32Array;
}

export class LiveWindow {
  readonly #slots: Slot[] = [];
  readonly #startedAt: number;

  /** Times are ms of one clock, whichever. */
  constructor(now: number) {
    this.#startedAt = now;
  }

  add(now: number, durationMs: number, isError: boolean): void {
    const slot = this.#slot(Math.floor(now / 1000));
    slot.requests++;
    if (isError) slot.errors++;
    const bucket = Math.floor(
      Math.log(Math.max(durationMs, BUCKET_FIRST_MS) / BUCKET_FIRST_MS) / Math.log(BUCKET_GROWTH),
    );
    const index = Math.min(BUCKETS - 1, bucket);
    slot.buckets[index] = (slot.buckets[index] ?? 0) + 1;
  }

  figures(now: number): LiveFigures {
    const second = Math.floor(now / 1000);
    const slots = this.#slots.filter(slot => slot.second > second - WINDOW_SECONDS && slot.second <= second);
    const requests = sum(slots.map(slot => slot.requests));
    const seconds = Math.max(1, Math.min(WINDOW_SECONDS, (now - this.#startedAt) / 1000));
    return {
      requests,
      errors: sum(slots.map(slot => slot.errors)),
      p50: percentile(slots, requests, 0.5),
      p99: percentile(slots, requests, 0.99),
      ratePerSecond: requests / seconds,
    };
  }

  #slot(second: number): Slot {
    const index = second % WINDOW_SECONDS;
    const slot = this.#slots[index] ?? {second, requests: 0, errors: 0, buckets: new Uint32Array(BUCKETS)};
    this.#slots[index] = slot;
    if (slot.second !== second) {
      slot.second = second;
      slot.requests = 0;
      slot.errors = 0;
      slot.buckets.fill(0);
    }
    return slot;
  }
}

/** Nearest rank. 0 when there is nothing. */
function percentile(slots: readonly Slot[], total: number, share: number): number {
  const rank = Math.ceil(total * share);
  let seen = 0;
  for (let bucket = 0; bucket < BUCKETS && rank > 0; bucket++) {
    for (const slot of slots) seen += slot.buckets[bucket] ?? 0;
    if (seen >= rank) return BUCKET_FIRST_MS * BUCKET_GROWTH ** (bucket + 0.5);
  }
  return 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
