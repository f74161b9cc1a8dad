import {repetitions} from '../../src/checkers/attempts.ts';
import {select} from '../../src/checkers/availability.ts';
import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import {baselineOf, hang, p99Of, type Run, sinceAttack, slowest, stories, toStream} from './evidence.ts';

const OPEN_WITHIN_MS = 5_000;
const PROBE_EVERY_MS = 1_000;
const CLOSED_WITHIN_MS = 10_000;
const OTHERS_SHARE = 0.99;

export function judgeOthers(evidence: Run): Judgement {
  const others = select(evidence.attack, {name: 'read-account', ...hang(evidence)});
  const ok = others.filter(entry => entry.outcome === 'ok');
  const observed = `${ok.length} of ${others.length} requests for identity's routes succeeded while stream hung`;
  const expected = `${OTHERS_SHARE * 100} % of them do: identity is well all the time`;
  if (others.length === 0) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  if (ok.length >= OTHERS_SHARE * others.length) return pass(observed, expected);
  const failed = others.filter(entry => entry.outcome !== 'ok');
  // The kind of problem tells it, whatever the policy's own words are: who is turned away at the gateway's own cap never had a policy.
  const refused = failed.filter(entry => entry.sends.at(-1)?.body?.includes('upstream-refused') === true);
  return unlessBusy(
    evidence.control.busy,
    ok.length / others.length,
    fail(
      refused.length > failed.length / 2 ? 'OTHERS_REFUSED' : 'OTHERS_STARVED',
      observed,
      expected,
      stories(evidence, failed),
    ),
  );
}

export function judgeOthersFast(evidence: Run): Judgement {
  const baseline = baselineOf(evidence, 'read-account');
  const before = p99Of(baseline);
  const bound = Math.max(2 * before, before + 100);
  const during = select(evidence.attack, {name: 'read-account', ...hang(evidence)});
  const p99 = p99Of(during);
  const observed = `p99 of identity's routes was ${Math.round(p99)} ms while stream hung`;
  const expected = `at most ${Math.round(bound)} ms: twice the baseline's ${Math.round(before)} ms, or 100 ms more`;
  if (baseline.length === 0 || during.length === 0) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  return p99 <= bound ? pass(observed, expected) : fail('OTHERS_SLOW', observed, expected, slowest(evidence, during));
}

export function judgeOpening(evidence: Run): Judgement {
  const {from, to} = hang(evidence);
  const window = {from: from + OPEN_WITHIN_MS, to};
  const calls = toStream(evidence, window);
  const intervals = Math.ceil((window.to - window.from) / PROBE_EVERY_MS);
  const observed = `stream got ${calls.length} requests from 5 s into its hang on, in ${((window.to - window.from) / 1000).toFixed(1)} s`;
  const expected = `at most one a second (${intervals + 1})`;
  const wanted = evidence.attack.filter(
    entry => entry.name !== 'read-account' && entry.intendedAt >= window.from && entry.intendedAt <= window.to,
  ).length;
  if (wanted === 0) return inconclusive('NOTHING_TO_JUDGE', 'nobody wanted anything of stream by then', expected);
  if (calls.length <= intervals + 1) return pass(observed, expected);
  const perSecond = Array.from(
    {length: intervals},
    (_, second) => calls.filter(call => Math.floor((call.at - window.from) / PROBE_EVERY_MS) === second).length,
  );
  // A policy that pauses and then lets a crowd through still keeps most requests away.
  const code = calls.length < 0.3 * wanted ? 'PROBE_STAMPEDE' : 'STILL_CALLING';
  return fail(code, observed, expected, [
    `requests per second: ${perSecond.join(', ')}`,
    ...calls
      .slice(0, 3)
      .map(call => `${sinceAttack(evidence, call.at)}: ${call.method} ${call.path}: ${call.status ?? 'no answer'}`),
  ]);
}

export function judgeClosing(evidence: Run): Judgement {
  const {to} = hang(evidence);
  const from = to + CLOSED_WITHIN_MS;
  const after = evidence.attack.filter(entry => entry.name === 'read-windows' && entry.intendedAt >= from);
  const ok = after.filter(entry => entry.outcome === 'ok');
  const first = evidence.attack.find(
    entry => entry.name === 'read-windows' && entry.intendedAt >= to && entry.outcome === 'ok',
  );
  const observed = `${ok.length} of ${after.length} requests for stream succeeded from 10 s after its recovery on${first === undefined ? '' : `, the first one ${((first.intendedAt - to) / 1000).toFixed(1)} s after it`}`;
  const expected = '95 % of them do';
  if (after.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'nobody wanted anything of stream by then', expected);
  if (ok.length >= 0.95 * after.length) return pass(observed, expected);
  return unlessBusy(
    evidence.control.busy,
    ok.length / after.length,
    fail(
      'NOT_CLOSED',
      observed,
      expected,
      stories(
        evidence,
        after.filter(entry => entry.outcome !== 'ok'),
      ),
    ),
  );
}

export function judgeWrites(evidence: Run): Judgement {
  const posts = evidence.requests.filter(
    request => request.link === 'gateway->stream' && request.method === 'POST' && request.traceparent !== undefined,
  );
  const byTrace = repetitions(posts, request => request.traceparent?.split('-')[1]);
  const repeated = [...byTrace.entries()].filter(([, requests]) => requests.length > 1);
  const observed = `${repeated.length} of ${byTrace.size} writes went to stream more than once`;
  const expected = 'a POST without an idempotency key goes out once: nobody knows whether the first one took effect';
  if (byTrace.size === 0) return inconclusive('NOTHING_TO_JUDGE', 'no write went to stream', expected);
  if (repeated.length === 0) return pass(observed, expected);
  return fail(
    'UNSAFE_RETRY',
    observed,
    expected,
    repeated
      .slice(0, 3)
      .map(
        ([trace, requests]) =>
          `trace ${trace.slice(0, 8)}: sent ${requests.length} times, at ${requests.map(request => sinceAttack(evidence, request.at)).join(', ')}`,
      ),
  );
}

export function judgeHealthy(evidence: Run): Judgement {
  const before = [...baselineOf(evidence, 'read-windows'), ...baselineOf(evidence, 'send-activity')];
  const ok = before.filter(entry => entry.outcome === 'ok');
  const observed = `${ok.length} of ${before.length} requests for a healthy stream succeeded`;
  const expected = '97 % of them do';
  if (before.length === 0) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  return ok.length >= 0.97 * before.length
    ? pass(observed, expected)
    : unlessBusy(
        evidence.control.busy,
        ok.length / before.length,
        fail(
          'REFUSES_HEALTHY',
          observed,
          expected,
          stories(
            evidence,
            before.filter(entry => entry.outcome !== 'ok'),
          ),
        ),
      );
}
