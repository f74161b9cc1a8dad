/** All time in a service comes from here, so that the lab can skew it. */
export interface Clock {
  /** Wall clock, unix ms. */
  now(): number;
  /** Never goes back; ms from an arbitrary origin. */
  monotonic(): number;
  /** Settles after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
