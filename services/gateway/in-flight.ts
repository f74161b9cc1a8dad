import {Problem} from '../kit/problem.ts';

/** Counts what is under way and refuses what would be more than the cap. */
export interface InFlight {
  /** Takes a place, which the returned function gives back. Throws a 503 problem when there is none. */
  enter(): () => void;
  readonly count: number;
}

export function createInFlight(cap: number): InFlight {
  let count = 0;
  return {
    enter() {
      if (count >= cap) {
        const detail = `${cap} requests are under way already; this one was not begun.`;
        throw new Problem({status: 503, kind: 'overloaded', detail, headers: {'retry-after': '1'}});
      }
      count += 1;
      let left = false;
      return () => {
        if (!left) count -= 1;
        left = true;
      };
    },
    get count() {
      return count;
    },
  };
}
