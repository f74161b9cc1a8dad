import {repetitions} from '../../src/checkers/attempts.ts';
import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import {
  after,
  afterJoining,
  askedOnly,
  changes,
  death,
  type Evidence,
  emptiness,
  failedOf,
  NEWS_WITHIN_MS,
  sentIn,
  silence,
  stories,
  toIdentity,
  type Window,
} from './evidence.ts';
import {LATE_NODE} from './script.ts';

const FAILURES_AROUND_DEATH = 0.01;
const FAILURES_OTHERWISE = 0.005;
const EJECTED_WITHIN_MS = 2_000;
const SHARE_OF_LATE = 0.2;

/** Of requests that were sent in a window, at most a share may fail, or two. */
function fewFail(evidence: Evidence, window: Window, most: number, code: string, when: string): Judgement {
  const sent = sentIn(evidence, window);
  const failed = failedOf(evidence, sent);
  const observed = `${failed.length} of ${sent.length} requests failed ${when}`;
  const expected = `at most ${most * 100} % of them do`;
  if (sent.length === 0) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  if (failed.length <= Math.max(2, most * sent.length)) return pass(observed, expected);
  const judgement = fail(code, observed, expected, stories(evidence, failed));
  // A gateway that a busy machine has starved until it was started anew has failed blatantly, and proves nothing.
  const wasStarved = evidence.events.some(({node, type}) => type === 'unresponsive' && node.startsWith('gateway-'));
  return unlessBusy(evidence.control.busy, wasStarved ? 1 : 1 - failed.length / sent.length, judgement);
}

export function judgeDeath(evidence: Evidence): Judgement {
  const window = {from: evidence.times.attackFrom, to: silence(evidence).from};
  const found = fewFail(evidence, window, FAILURES_AROUND_DEATH, 'DEAD_ONE_ASKED', 'around the death of an instance');
  if (found.verdict !== 'inconclusive') return found;
  // However busy the machine was: who asked the dead one alone could not have got an answer.
  const sent = sentIn(evidence, window);
  const alone = failedOf(evidence, sent).filter(entry => askedOnly(evidence, entry, evidence.setup.dead));
  if (alone.length <= Math.max(2, FAILURES_AROUND_DEATH * sent.length)) return found;
  const observed = `${alone.length} of ${sent.length} requests asked ${evidence.setup.dead} and nobody else, and failed`;
  return fail('DEAD_ONE_ASKED', observed, found.expected, stories(evidence, alone));
}

/** Requests that the dead one's link saw, from two seconds after its death on. */
export function judgeEjection(evidence: Evidence): Judgement {
  const {from, to} = death(evidence);
  const window = {from: from + EJECTED_WITHIN_MS, to};
  const asked = toIdentity(evidence, window, evidence.setup.dead);
  const seconds = Math.ceil((window.to - window.from) / 1_000);
  const observed = `${evidence.setup.dead} was asked ${asked.length} times in the ${seconds} s that began 2 s after its death`;
  const expected = `at most once a second (${seconds}), to find out whether it is back`;
  // Who asks nobody does not leave the dead one alone.
  if (toIdentity(evidence, {...window, from}).length === 0)
    return inconclusive('NOTHING_TO_JUDGE', 'nobody was asked any more', expected);
  if (asked.length <= seconds) return pass(observed, expected);
  const first = asked.slice(0, 4).map(request => `${after(evidence, request.at)}: ${request.method} ${request.path}`);
  return unlessBusy(evidence.control.busy, seconds / asked.length, fail('STILL_ASKED', observed, expected, first));
}

export function judgeLateOne(evidence: Evidence): Judgement {
  const window = afterJoining(evidence);
  const all = toIdentity(evidence, window);
  const its = all.filter(({to}) => to === LATE_NODE);
  const share = all.length === 0 ? 0 : its.length / all.length;
  const observed = `${LATE_NODE} got ${its.length} of ${all.length} requests (${Math.round(100 * share)} %) once it could be known`;
  const expected = `${100 * SHARE_OF_LATE} % or more`;
  if (all.length === 0) return inconclusive('NOTHING_TO_JUDGE', `${LATE_NODE} was ready too late`, expected);
  if (evidence.times.attackTo < window.to)
    return inconclusive('NOTHING_TO_JUDGE', `${observed}, and others were still to come`, expected);
  return share >= SHARE_OF_LATE ? pass(observed, expected) : fail('NEW_ONE_UNUSED', observed, expected);
}

export function judgeSilence(evidence: Evidence): Judgement {
  return fewFail(evidence, silence(evidence), FAILURES_OTHERWISE, 'OUTAGE_FELT', 'while the registry was silent');
}

export function judgeLists(evidence: Evidence): Judgement {
  const empty = fewFail(
    evidence,
    emptiness(evidence),
    FAILURES_OTHERWISE,
    'EMPTY_TAKEN',
    'while the registry was empty',
  );
  if (empty.verdict !== 'pass') return empty;
  const old = fewFail(
    evidence,
    changes(evidence),
    FAILURES_OTHERWISE,
    'STALE_TAKEN',
    'after an old list had come back',
  );
  return old.verdict === 'pass' ? pass(`${empty.observed}, ${old.observed}`, old.expected) : old;
}

/** The retired one runs and would answer; that it is not asked is what taking it out is for. */
export function judgeRetired(evidence: Evidence): Judgement {
  const {from, to} = changes(evidence);
  const window = {from: from + NEWS_WITHIN_MS, to};
  const {retired} = evidence.setup;
  const before = toIdentity(evidence, {from: evidence.times.attackFrom, to: from}, retired);
  const asked = toIdentity(evidence, window, retired);
  const all = toIdentity(evidence, window);
  const observed = `${retired} was asked ${asked.length} times of ${all.length} from ${NEWS_WITHIN_MS / 1_000} s after it was taken out of service, ${before.length} times before`;
  const expected = 'not once after that';
  if (all.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'nobody was asked any more', expected);
  if (asked.length === 0)
    return before.length === 0
      ? inconclusive('NOTHING_TO_JUDGE', `${retired} was asked at no time`, expected)
      : pass(observed, expected);
  return fail(
    'STILL_USED',
    observed,
    expected,
    asked.slice(0, 4).map(request => `${after(evidence, request.at)}: ${request.method} ${request.path}`),
  );
}

export function judgeWrites(evidence: Evidence): Judgement {
  const writes = evidence.attack.filter(({name}) => name === 'write');
  const rowsOf = (entry: (typeof writes)[number]): number =>
    evidence.final.rows[String(entry.operation.facts?.account)] ?? 0;
  const twice = writes.filter(entry => rowsOf(entry) > 1);
  const dropped = evidence.requests.filter(request => request.lost === 'drop_reply');
  const posts = evidence.requests.filter(({link, method}) => link === 'gateway->identity' && method === 'POST');
  const sent = repetitions(posts, request => request.traceparent?.split('-')[1]);
  const again = [...sent.values()].filter(requests => requests.length > 1).length;
  const observed = `${twice.length} of ${writes.length} accounts were opened twice; the answers of ${dropped.length} got lost after they were opened, and ${again} were sent to more than one instance`;
  const expected = 'none: a write is sent again only where nothing of it was sent';
  if (dropped.length === 0) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  return twice.length === 0
    ? pass(observed, expected)
    : fail('DUPLICATE_WRITES', observed, expected, stories(evidence, twice));
}
