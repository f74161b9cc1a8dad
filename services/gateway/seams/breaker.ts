import type {Clock} from '../../kit/clock.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Stops calls to somebody who fails again and again, and finds out by single probes when that is over. */
export interface Breaker {
  /** Lets a call pass and returns how to report its outcome; undefined while calls must not pass. */
  enter(): ((ok: boolean) => void) | undefined;
  /** How long no probe is due yet, ms. */
  retryAfterMs(): number;
  readonly state: BreakerState;
}

const FAILURES_IN_A_ROW = 5;
/** The first wait; each probe that fails doubles it up to the longest. */
const WAIT_MIN_MS = 1_000;
const WAIT_MAX_MS = 4_000;
/** A probe that is not reported within this time is given up. */
const PROBE_LOST_MS = 5_000;

export function createBreaker(clock: Clock, say: (state: BreakerState) => void = () => undefined): Breaker {
  let state: BreakerState = 'closed';
  let failures = 0;
  let waitMs = WAIT_MIN_MS;
  let nextProbeAt = 0;
  // Calls that were let pass before the state changed tell nothing about the state after it.
  let era = 0;

  function become(next: BreakerState): void {
    state = next;
    era += 1;
    failures = 0;
    say(next);
  }

  function open(wait: number): void {
    waitMs = wait;
    nextProbeAt = clock.monotonic() + wait;
    become('open');
  }

  function report(ok: boolean): void {
    if (state === 'half-open') {
      if (ok) become('closed');
      else open(Math.min(waitMs * 2, WAIT_MAX_MS));
      return;
    }
    failures = ok ? 0 : failures + 1;
    if (failures >= FAILURES_IN_A_ROW) open(WAIT_MIN_MS);
  }

  return {
    enter() {
      if (state !== 'closed') {
        if (clock.monotonic() < nextProbeAt) return undefined;
        nextProbeAt = clock.monotonic() + PROBE_LOST_MS;
        become('half-open');
      }
      const mine = era;
      return ok => {
        if (mine === era) report(ok);
      };
    },
    retryAfterMs: () => (state === 'closed' ? 0 : Math.max(0, Math.ceil(nextProbeAt - clock.monotonic()))),
    get state() {
      return state;
    },
  };
}
