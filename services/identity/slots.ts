import type {Clock} from '../kit/clock.ts';
import {Problem} from '../kit/problem.ts';

/** A bounded number of workplaces with a bounded queue in front. */
export interface Slots {
  /** Runs `work` when a place is free. Throws a problem: 503 when the queue is full, 504 when the deadline (unix ms) passed in it. */
  run<T>(deadline: number | undefined, work: () => Promise<T>): Promise<T>;
}

export function createSlots({
  atOnce,
  waitingMax,
  clock,
}: {
  readonly atOnce: number;
  readonly waitingMax: number;
  readonly clock: Clock;
}): Slots {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return {
    async run(deadline, work) {
      if (busy >= atOnce) {
        if (waiting.length >= waitingMax) {
          throw new Problem({
            status: 503,
            kind: 'too-busy',
            detail: 'Too many passwords are being checked.',
            headers: {'retry-after': '1'},
          });
        }
        // The place is handed over with the call, so that nobody can slip in between.
        await new Promise<void>(resolve => void waiting.push(resolve));
      } else {
        busy += 1;
      }
      try {
        if (deadline !== undefined && deadline <= clock.now()) {
          throw new Problem({
            status: 504,
            kind: 'deadline-exceeded',
            detail: 'The caller stopped waiting before it was its turn.',
          });
        }
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) busy -= 1;
        else next();
      }
    },
  };
}
