import {performance} from 'node:perf_hooks';
import {setTimeout as wait} from 'node:timers/promises';
import type {Clock} from './clock.ts';

// Taken before a module of a learner is loaded: one that turns these does not turn the service's clock.
const {now} = Date;
const monotonic = performance.now.bind(performance);

/** The machine's own time. */
export function createSystemClock(): Clock {
  return {
    now,
    monotonic,
    async sleep(ms, signal) {
      try {
        await wait(ms, undefined, signal === undefined ? {} : {signal});
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : error;
      }
    },
  };
}
