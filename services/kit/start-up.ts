import type {Clock} from './clock.ts';
import type {Logger} from './logger.ts';
import {isDatabaseUnavailable} from './postgres-errors.ts';

export interface StartUpOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const WAIT_MIN_MS = 50;
/** What a service waits for comes up beside it, most often within half a second: a longer wait would be much of the start. */
const WAIT_MAX_MS = 100;

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
        if (signal.aborted || !isDatabaseUnavailable(error)) throw error;
        // Said while the wait grows; after that it is the same again and again.
        if (wait < WAIT_MAX_MS) log.warn({err: error, waitMs: wait}, 'not reachable yet; trying again');
        await clock.sleep(wait, signal);
      }
    }
  }
}
