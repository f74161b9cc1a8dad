import type {Clock} from '../kit/clock.ts';
import {Problem} from '../kit/problem.ts';

/** A bounded number of workplaces with a bounded queue in front. */
export interface Slots {
  /** Runs `work` when a place is free. Throws a problem: 429 when the queue is full, 504 when the deadline (unix ms) passed in it. */
  run<T>(deadline: number | undefined, work: () => Promise<T>): Promise<T>;
  /** Runs it likewise, and leaves the place empty afterwards for as long as the work took. Its result does not wait for that. */
  runAndRest<T>(deadline: number | undefined, work: () => Promise<T>): Promise<T>;
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

  async function enter(): Promise<void> {
    if (busy < atOnce) {
      busy += 1;
      return;
    }
    if (waiting.length >= waitingMax) {
      // Not a 5xx: callers would take the service to fail, and keep away from all that it does.
      throw new Problem({
        status: 429,
        kind: 'too-busy',
        detail: 'Too many passwords are being checked.',
        headers: {'retry-after': '1'},
      });
    }
    // The place is handed over with the call, so that nobody can slip in between.
    await new Promise<void>(resolve => void waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) busy -= 1;
    else next();
  }

  function throwWhenOver(deadline: number | undefined): void {
    if (deadline === undefined || deadline > clock.now()) return;
    throw new Problem({
      status: 504,
      kind: 'deadline-exceeded',
      detail: 'The caller stopped waiting before it was its turn.',
    });
  }

  return {
    async run(deadline, work) {
      await enter();
      try {
        throwWhenOver(deadline);
        return await work();
      } finally {
        leave();
      }
    },
    async runAndRest(deadline, work) {
      await enter();
      const began = clock.monotonic();
      try {
        throwWhenOver(deadline);
        return await work();
      } finally {
        void clock.sleep(clock.monotonic() - began).then(leave);
      }
    },
  };
}
