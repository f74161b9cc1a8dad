import type {Clock} from './clock.ts';

/** Lets a loop wait until it is woken or a time has passed. A call to `wake` while nobody waits ends the next wait at once. */
export interface Wake {
  wake(): void;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createWake(clock: Clock): Wake {
  let woken = false;
  let end: (() => void) | undefined;
  return {
    wake() {
      woken = true;
      end?.();
    },
    async wait(ms, signal) {
      if (!woken && !signal.aborted) {
        const timer = new AbortController();
        end = () => timer.abort();
        signal.addEventListener('abort', end, {once: true});
        await clock.sleep(ms, timer.signal).catch(() => undefined);
        signal.removeEventListener('abort', end);
        end = undefined;
      }
      woken = false;
    },
  };
}
