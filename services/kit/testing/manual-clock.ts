import type {Clock} from '../clock.ts';

/** A clock that stands still until it is moved. Whoever sleeps is woken when his time has come. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** `wallOffsetMs`: how far its wall clock is ahead of others that were made at the same time. */
export function createManualClock(wallOffsetMs = 0): ManualClock {
  let elapsed = 0;
  const sleepers = new Set<{readonly at: number; readonly wake: () => void}>();
  return {
    now: () => 1_800_000_000_000 + wallOffsetMs + elapsed,
    monotonic: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        const onAbort = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper = {
          at: elapsed + ms,
          wake: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', onAbort, {once: true});
      }),
    advance(ms) {
      elapsed += ms;
      for (const sleeper of sleepers) {
        if (sleeper.at > elapsed) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}
