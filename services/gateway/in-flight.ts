import type {FastifyRequest} from 'fastify';
import type {Clock} from '../kit/clock.ts';
import {Problem} from '../kit/problem.ts';
import {callerDeadline} from './request-bounds.ts';
import type {Shedding} from './seams/shedding.ts';

/** What is under way. */
export interface InFlight {
  /** Takes a place, which the returned function gives back. Throws a 503 problem when there is none for this request. */
  enter(request: FastifyRequest): () => void;
}

export function createInFlight(shedding: Shedding, clock: Clock): InFlight {
  return {
    enter(request) {
      const entered = shedding.enter({deadline: callerDeadline(request, clock)});
      if (typeof entered === 'function') return entered;
      const seconds = Math.max(1, Math.ceil(entered.retryAfterSeconds) || 1);
      throw new Problem({
        status: 503,
        kind: 'overloaded',
        detail: `${entered.shed}; this one was not begun.`,
        headers: {'retry-after': String(seconds)},
      });
    },
  };
}
