import type {AuthTools, PublishedKeys} from './auth.ts';
import {Problem} from './problem.ts';

/** What identity publishes, kept here, so that it need not be there when a token is checked. */
export interface KeyCache {
  /** Keys that are fresh enough; old ones while newer ones are fetched. Throws a problem 503 when there are none. */
  current(): Promise<PublishedKeys>;
  /**
   * Keys for a token that the current ones do not know; the same when identity was asked a moment ago. Throws a problem 503 when identity
   * was asked and did not say: then nobody knows whether the token is good.
   */
  newer(): Promise<PublishedKeys>;
  /** Has newer ones fetched, beside the requests, when these are not fresh any more. */
  touch(): void;
  /** Whether a session is known to have ended while its access tokens had not expired. */
  hasEnded(session: string): boolean;
}

/** After this time keys are fetched again, beside the requests: so long may a withdrawn key, or a session that ended, still count. */
const KEYS_FRESH_MS = 30_000;
/** Between two requests for keys, however many tokens with unknown keys come. Shorter than a key is published before it signs. */
const ASK_AGAIN_AFTER_MS = 5_000;
const FETCH_WITHIN_MS = 1_500;

interface Cached {
  readonly keys: PublishedKeys;
  readonly endedSessions: ReadonlySet<string>;
  /** What was published, to be compared with what is published next. */
  readonly text: string;
}

/** `onChange` is called when identity says something else than before. */
export function createKeyCache({clock, log, fetchKeys}: AuthTools, onChange: () => void): KeyCache {
  let cached: Cached | undefined;
  let cachedAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let answered = false;
  let underWay: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    try {
      const keys = await fetchKeys(AbortSignal.timeout(FETCH_WITHIN_MS));
      const fetched = {keys, endedSessions: new Set(keys.ended_sessions), text: JSON.stringify(keys)};
      if (cached !== undefined && fetched.text !== cached.text) onChange();
      cached = fetched;
      cachedAt = clock.monotonic();
      answered = true;
    } catch (error) {
      answered = false;
      log.warn({err: error}, 'the keys of identity cannot be fetched');
    } finally {
      askedAt = clock.monotonic();
      underWay = undefined;
    }
  }

  function refreshOnce(): Promise<void> {
    underWay ??= refresh();
    return underWay;
  }

  function askedLately(): boolean {
    return clock.monotonic() - askedAt < ASK_AGAIN_AFTER_MS;
  }

  function touch(): void {
    if (clock.monotonic() - cachedAt >= KEYS_FRESH_MS && !askedLately()) void refreshOnce();
  }

  async function current(): Promise<PublishedKeys> {
    // With keys at hand nobody waits for newer ones: a hung identity must not hold up those who need nothing else of it.
    if (cached === undefined) await refreshOnce();
    else touch();
    if (cached !== undefined) return cached.keys;
    throw keysUnavailable();
  }

  return {
    current,
    touch,
    async newer() {
      if (underWay !== undefined || !askedLately()) await refreshOnce();
      if (!answered) throw keysUnavailable();
      return current();
    },
    hasEnded: session => cached?.endedSessions.has(session) === true,
  };
}

function keysUnavailable(): Problem {
  const detail = 'The token cannot be checked: the keys of identity cannot be had at the moment.';
  return new Problem({status: 503, kind: 'keys-unavailable', detail, headers: {'retry-after': '1'}});
}
