import type {Clock} from './clock.ts';

/** A clock whose wall time the lab can put wrong. */
export interface SkewableClock extends Clock {
  /** From now on `now()` is off by `offsetMs`, and gains `drift` ms with every ms. Zeros make it right again. */
  skew(offsetMs: number, drift: number): void;
}

/** Only the wall clock can be wrong: monotonic time and waits stay those of `base`, as on a machine whose clock was set. */
export function createSkewableClock(base: Clock): SkewableClock {
  let offset = 0;
  let rate = 0;
  let since = 0;
  return {
    now: () => Math.round(base.now() + offset + rate * (base.monotonic() - since)),
    monotonic: () => base.monotonic(),
    sleep: (ms, signal) => base.sleep(ms, signal),
    skew: (offsetMs, drift) => {
      offset = offsetMs;
      rate = drift;
      since = base.monotonic();
    },
  };
}
