export interface Interval {
  stop(): void;
}

/** Calls `work` again and again; each wait is asked for anew, and a call is never begun before the last one is over. Zero or less ends it. */
export function startInterval(work: () => Promise<void>, waitMs: () => number): Interval {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    const ms = waitMs();
    if (stopped || ms <= 0) return;
    timer = setTimeout(() => {
      work()
        .catch(() => {})
        .finally(next);
    }, ms);
  };
  next();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
