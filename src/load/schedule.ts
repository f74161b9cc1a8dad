/** From gaps of this many ms between operations on, the last bit before one is due is spun away: below it would cost too much CPU. */
const SPIN_GAP_MS = 8;
const SPIN_LAST_MS = 1.5;
const SPIN_LAST_SHORT_MS = 0.3;

/**
 * Calls `start` for each index when its time has come, in order, and `ended` after the last. Timers of Node are whole milliseconds
 * and up to one late, so the last bit is waited for by turning the event loop. Returns what stops it.
 */
export function runSchedule(
  timesMs: readonly number[],
  elapsedMs: () => number,
  start: (index: number) => void,
  ended: () => void,
): () => void {
  const last = timesMs.at(-1) ?? 0;
  const spinMs = last / Math.max(1, timesMs.length) >= SPIN_GAP_MS ? SPIN_LAST_MS : SPIN_LAST_SHORT_MS;
  let index = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const step = (): void => {
    if (stopped) return;
    for (;;) {
      const due = timesMs[index];
      if (due === undefined) {
        stop();
        return;
      }
      const remaining = due - elapsedMs();
      if (remaining > 0) {
        if (remaining < spinMs) setImmediate(step);
        else timer = setTimeout(step, Math.floor(remaining - spinMs / 2));
        return;
      }
      start(index++);
      if (stopped) return;
    }
  };

  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    ended();
  };

  step();
  return stop;
}
