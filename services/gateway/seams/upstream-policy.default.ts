import type {Clock} from '../../kit/clock.ts';
import {createBreaker} from './breaker.ts';
import type {CreateUpstreamPolicy, Refusal, SendOnce, UpstreamAnswer} from './upstream-policy.ts';

/** Calls under way to one upstream at once: half of the gateway's cap, so that the other one always has room. */
const IN_FLIGHT_MAX = 32;
const ATTEMPT_REPEATABLE_MS = 1_000;
/** A request that is sent only once may as well be waited for a little longer. */
const ATTEMPT_ONCE_MS = 3_000;
const BACKOFF_MIN_MS = 20;
const BACKOFF_SPREAD_MS = 60;
/** Retries are at most a tenth of the requests, with a few to begin with: they must not double the load of an upstream in trouble. */
const RETRY_SHARE = 0.1;
const RETRIES_SAVED_MAX = 10;

/**
 * A timeout per attempt, a retry for what may be repeated, a budget for retries, a breaker and a bulkhead: whatever the upstream does, a
 * call ends by the caller's deadline, and calls in vain become rare.
 */
export const createUpstreamPolicy: CreateUpstreamPolicy = (service, {clock, log}) => {
  const breaker = createBreaker(clock, state => log.warn({upstream: service, state}, 'breaker'));
  let underWay = 0;
  let retries = RETRIES_SAVED_MAX / 2;

  async function attempt<A extends UpstreamAnswer>(
    send: SendOnce<A>,
    withinMs: number,
    deadline: number,
  ): Promise<{answer: A; drop: () => void}> {
    const report = breaker.enter();
    if (report === undefined)
      throw refusal(
        `${service} has failed again and again; it is given ${breaker.retryAfterMs()} ms to recover`,
        breaker.retryAfterMs() / 1_000,
      );
    const bound = createBound(clock, withinMs, deadline);
    try {
      const answer = await send(bound.signal);
      report(answer.status < 500);
      bound.keepUntilDeadline();
      return {answer, drop: bound.abort};
    } catch (error) {
      report(false);
      bound.clear();
      throw error;
    }
  }

  return {
    async call(request, send) {
      if (underWay >= IN_FLIGHT_MAX) throw refusal(`${IN_FLIGHT_MAX} calls to ${service} are under way already`, 1);
      underWay += 1;
      retries = Math.min(RETRIES_SAVED_MAX, retries + RETRY_SHARE);
      const withinMs = request.safeToRepeat ? ATTEMPT_REPEATABLE_MS : ATTEMPT_ONCE_MS;
      const mayRetry = (): boolean =>
        request.safeToRepeat && retries >= 1 && clock.now() + BACKOFF_MIN_MS + BACKOFF_SPREAD_MS < request.deadline;
      try {
        const first = await attempt(send, withinMs, request.deadline).catch((error: unknown) => {
          if (isRefusal(error) || !mayRetry()) throw error;
          return undefined;
        });
        if (first !== undefined && (!isPassing(first.answer.status) || !mayRetry())) return first.answer;
        first?.drop();
        retries -= 1;
        await clock.sleep(BACKOFF_MIN_MS + Math.random() * BACKOFF_SPREAD_MS);
        return (await attempt(send, withinMs, request.deadline)).answer;
      } finally {
        underWay -= 1;
      }
    },
  };
};

/** Statuses that say "not now" rather than "no". */
function isPassing(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

function refusal(refused: string, retryAfterSeconds: number): Refusal {
  return {refused, retryAfterSeconds};
}

function isRefusal(error: unknown): error is Refusal {
  return typeof error === 'object' && error !== null && 'refused' in error;
}

/** A signal for one attempt: it ends the wait for the answer's head, then the reading of its body at the deadline. */
function createBound(clock: Clock, withinMs: number, deadline: number) {
  const controller = new AbortController();
  const left = (): number => Math.max(0, deadline - clock.now());
  const after = (ms: number): NodeJS.Timeout =>
    setTimeout(
      () => controller.abort(new DOMException('The upstream did not answer in time.', 'TimeoutError')),
      ms,
    ).unref();
  let timer = after(Math.min(withinMs, left()));
  return {
    signal: controller.signal,
    keepUntilDeadline() {
      clearTimeout(timer);
      timer = after(left());
    },
    clear: () => clearTimeout(timer),
    abort() {
      clearTimeout(timer);
      controller.abort();
    },
  };
}
