import {EARLY_MAX_MS} from './paced-stage.ts';

/**
 * Does something once, `delayMs` from now: not earlier by more than 0.4 ms, which a timer of node's may be, because it counts from the time
 * at which the turn of the event loop began. Returns what calls it off.
 */
export function startTimer(delayMs: number, act: () => void): () => void {
  const dueAt = performance.now() + delayMs;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    timer = setTimeout(
      () => {
        if (performance.now() >= dueAt - EARLY_MAX_MS) act();
        else arm();
      },
      Math.max(1, Math.ceil(dueAt - EARLY_MAX_MS - performance.now())),
    );
  };
  arm();
  return () => clearTimeout(timer);
}
