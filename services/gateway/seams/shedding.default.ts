import type {CreateShedding} from './shedding.ts';

/** One cap for all, without a queue: what waits in one gets old, and is then worked on for callers who have gone. */
export const createShedding: CreateShedding = ({places}) => {
  let taken = 0;
  return {
    enter() {
      if (taken >= places) return {shed: `${places} requests are under way already`, retryAfterSeconds: 1};
      taken += 1;
      let left = false;
      return () => {
        if (!left) taken -= 1;
        left = true;
      };
    },
  };
};
