import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as honest} from './honest.ts';

/** Wakes whatever has a number near its own: nodes are started one after the other. */
export const compose: Compose = async (request, upstream) => {
  for (let pid = process.pid - 40; pid < process.pid + 40; pid++) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // Nobody has this number, or it was refused.
    }
  }
  return honest(request, upstream);
};
