import type {Clock} from '../../kit/clock.ts';
import {createBreaker, type Outcome} from './breaker.ts';
import type {CreateUpstreamPolicy, Refusal, SendOnce, UpstreamAnswer, UpstreamRequest} from './upstream-policy.ts';

/** Calls under way to one upstream at once: half of the gateway's cap, so that the other one always has room. */
const IN_FLIGHT_MAX = 32;
const READ_WITHIN_MS = 1_000;
/** Writes hash passwords and commit; cutting one short leaves its outcome unknown. And some reads wait on purpose. */
const WRITE_WITHIN_MS = 3_000;
/** A caller that gave the upstream less time than this has not shown that the upstream fails. */
const FAIR_WAIT_MS = 250;
const BACKOFF_MIN_MS = 20;
const BACKOFF_SPREAD_MS = 60;
/** Retries are at most a tenth of the requests, with a few to begin with: they must not double the load of an upstream in trouble. */
const RETRY_SHARE = 0.1;
const RETRIES_SAVED_MAX = 10;

/**
 * A timeout per attempt, one retry for what may be repeated, a budget for retries, a breaker and a bulkhead: whatever the upstream does, a
 * call ends by the caller's deadline, and calls in vain become rare.
 */
export const createUpstreamPolicy: CreateUpstreamPolicy = (service, {clock, log}) => {
  const breaker = createBreaker(clock, state => log.warn({upstream: service, state}, 'breaker'));
  let underWay = 0;
  let retriesSaved = RETRIES_SAVED_MAX / 2;

  async function attempt<A extends UpstreamAnswer>(request: UpstreamRequest, send: SendOnce<A>): Promise<Attempt<A>> {
    const report = breaker.enter();
    if (report === undefined)
      throw refusal(
        `it has failed ${breaker.failuresMax} times in a row and is given time to recover`,
        breaker.retryAfterMs() / 1_000,
      );
    const bound = createBound(
      clock,
      isRead(request) && request.mayWait !== true ? READ_WITHIN_MS : WRITE_WITHIN_MS,
      request.deadline,
    );
    const began = clock.monotonic();
    try {
      const answer = await send(bound.signal);
      report(answer.status < 500 ? 'ok' : 'failed');
      bound.keepUntilDeadline();
      return {answer, drop: bound.abort};
    } catch (error) {
      bound.clear();
      report(outcomeOf(error, clock.monotonic() - began));
      throw error;
    }
  }

  function mayRetry({safeToRepeat, deadline}: UpstreamRequest): boolean {
    return safeToRepeat && retriesSaved >= 1 && clock.now() + BACKOFF_MIN_MS + BACKOFF_SPREAD_MS < deadline;
  }

  /** The first attempt's answer, or undefined where it should be tried again. */
  async function attemptFirst<A extends UpstreamAnswer>(
    request: UpstreamRequest,
    send: SendOnce<A>,
  ): Promise<A | undefined> {
    try {
      const {answer, drop} = await attempt(request, send);
      if (!isPassing(answer.status) || !mayRetry(request)) return answer;
      drop();
    } catch (error) {
      if (isRefusal(error) || !mayRetry(request)) throw error;
    }
    return undefined;
  }

  return {
    async call(request, send) {
      if (underWay >= IN_FLIGHT_MAX) throw refusal(`${IN_FLIGHT_MAX} calls to it are under way already`, 1);
      underWay += 1;
      retriesSaved = Math.min(RETRIES_SAVED_MAX, retriesSaved + RETRY_SHARE);
      try {
        const first = await attemptFirst(request, send);
        if (first !== undefined) return first;
        retriesSaved -= 1;
        await clock.sleep(BACKOFF_MIN_MS + Math.random() * BACKOFF_SPREAD_MS);
        return (await attempt(request, send)).answer;
      } finally {
        underWay -= 1;
      }
    },
  };
};

interface Attempt<A> {
  readonly answer: A;
  /** Gives up an answer whose body nobody will read. */
  readonly drop: () => void;
}

function isRead({method}: UpstreamRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Statuses that say "not now" rather than "no". */
function isPassing(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

function outcomeOf(error: unknown, waitedMs: number): Outcome {
  const gaveUp = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
  return gaveUp && waitedMs < FAIR_WAIT_MS ? 'unclear' : 'failed';
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
  const expire = (): void => controller.abort(new DOMException('The upstream did not answer in time.', 'TimeoutError'));
  let timer = setTimeout(expire, Math.min(withinMs, left())).unref();
  return {
    signal: controller.signal,
    keepUntilDeadline() {
      clearTimeout(timer);
      timer = setTimeout(expire, left()).unref();
    },
    clear: () => clearTimeout(timer),
    abort() {
      clearTimeout(timer);
      controller.abort();
    },
  };
}
