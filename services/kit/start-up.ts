import type {Clock} from './clock.ts';
import type {Logger} from './logger.ts';
import {isUnavailable} from './postgres-errors.ts';

export interface StartUpOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const WAIT_MIN_MS = 50;
const WAIT_MAX_MS = 1_000;

/** Runs the steps in order. A step that fails because something cannot be reached is tried again until the signal ends it; anything else throws. */
export async function runSteps(
  steps: readonly (() => Promise<unknown>)[],
  {clock, log, signal}: StartUpOptions,
): Promise<void> {
  for (const step of steps) {
    for (let wait = WAIT_MIN_MS; ; wait = Math.min(wait * 2, WAIT_MAX_MS)) {
      try {
        await step();
        break;
      } catch (error) {
        if (signal.aborted || !isUnavailable(error)) throw error;
        log.warn({err: error, waitMs: wait}, 'not reachable yet; trying again');
        await clock.sleep(wait, signal);
      }
    }
  }
}
