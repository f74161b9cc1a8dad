import type {CreateRetryPolicy} from './retry-policy.ts';

/** Attempts of one request, the first included. */
const ATTEMPTS_MAX = 2;
/** Second attempts for each answered request: more would be load that failure makes. */
const BUDGET_SHARE = 0.1;
const BUDGET_MAX = 10;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * One more attempt, where it can do no harm: nothing was sent, or the request changes nothing. All of them together stay within a budget
 * of a tenth of what is answered, so that an outage never meets twice the load.
 */
export const createRetryPolicy: CreateRetryPolicy = () => {
  const budgets = new Map<string, number>();
  const left = (service: string): number => budgets.get(service) ?? BUDGET_MAX;
  return {
    again({service, method, attempt, how}) {
      if (attempt >= ATTEMPTS_MAX || !(how === 'unsent' || SAFE.has(method)) || left(service) < 1) return false;
      budgets.set(service, left(service) - 1);
      return true;
    },
    answered(service) {
      budgets.set(service, Math.min(BUDGET_MAX, left(service) + BUDGET_SHARE));
    },
  };
};
