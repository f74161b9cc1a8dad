import type {Clock} from '../../kit/clock.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';
/** How a call ended; `unclear`: it says nothing about whoever was called. */
export type Outcome = 'ok' | 'failed' | 'unclear';

/** Stops calls to somebody who fails again and again, and finds out by single probes when that is over. */
export interface Breaker {
  /** Lets a call pass and returns how to report its outcome; undefined while calls must not pass. */
  enter(): ((outcome: Outcome) => void) | undefined;
  /** How long no probe is due yet, ms. */
  retryAfterMs(): number;
  readonly state: BreakerState;
  /** Failures in a row that open it. */
  readonly failuresMax: number;
}

const FAILURES_MAX = 5;
/** The first wait; each probe that fails doubles it up to the longest. */
const WAIT_MIN_MS = 1_000;
const WAIT_MAX_MS = 4_000;
/** A probe that is not reported within this time is given up. */
const PROBE_LOST_MS = 5_000;

/** `say` is told of every change. */
export function createBreaker(clock: Clock, say: (state: BreakerState) => void = () => undefined): Breaker {
  let state: BreakerState = 'closed';
  let failures = 0;
  let waitMs = WAIT_MIN_MS;
  let nextProbeAt = 0;
  // Calls that were let pass before the state changed tell nothing about the state after it.
  let era = 0;

  function become(next: BreakerState, waitsMs = 0): void {
    state = next;
    era += 1;
    failures = 0;
    nextProbeAt = clock.monotonic() + waitsMs;
    say(next);
  }

  function open(forMs: number): void {
    waitMs = forMs;
    become('open', forMs);
  }

  function report(outcome: Outcome): void {
    if (state === 'half-open') {
      if (outcome === 'ok') become('closed');
      else open(outcome === 'failed' ? Math.min(waitMs * 2, WAIT_MAX_MS) : waitMs);
    } else if (outcome !== 'unclear') {
      failures = outcome === 'ok' ? 0 : failures + 1;
      if (failures >= FAILURES_MAX) open(WAIT_MIN_MS);
    }
  }

  return {
    failuresMax: FAILURES_MAX,
    enter() {
      if (state !== 'closed') {
        if (clock.monotonic() < nextProbeAt) return undefined;
        become('half-open', PROBE_LOST_MS);
      }
      const mine = era;
      return outcome => {
        if (mine === era) report(outcome);
      };
    },
    retryAfterMs: () => (state === 'closed' ? 0 : Math.max(0, Math.ceil(nextProbeAt - clock.monotonic()))),
    get state() {
      return state;
    },
  };
}
