import {repetitions, selectRequests} from '../../src/checkers/attempts.ts';
import {select} from '../../src/checkers/availability.ts';
import {latencies, percentile} from '../../src/checkers/percentiles.ts';
import {signUp} from '../../src/labs/accounts.ts';
import {defineLab, type Evidence} from '../../src/labs/lab.ts';
import {fail, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {type Route, traffic} from './traffic.ts';

const BASELINE_MS = 5_000;
/** The first requests of a fresh system pay for connections and keys; they are not what this is about. */
const WARM_AFTER_MS = 2_000;
const HANG_AT_MS = 3_000;
const HANG_FOR_MS = 12_000;
const LOAD_MS = 26_000;
const OPEN_WITHIN_MS = 5_000;
const PROBE_EVERY_MS = 1_000;
const CLOSED_WITHIN_MS = 10_000;
const OTHERS_SHARE = 0.99;

type Setup = {readonly token: string};

export default defineLab<Setup, null>({
  id: 'p2-05-break-the-circuit',
  title: 'Break the circuit',
  phase: 2,
  weeks: [7, 8],
  objective: 'circuit breakers and resilience',
  concepts: ['API gateway', 'health checks and recovery'],
  minutes: 35,
  needs: ['p1-06-a-deadline'],
  seams: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'requests to identity that succeed while stream hangs',
  timescale: "an outage of minutes is 12 s here; a breaker's pause of half a minute is a second or two",
  setUp: async tools => {
    return {token: (await signUp(tools, 'Grace')).token};
  },
  baseline: {
    load: (tools, setup) => ({operations: traffic(tools.random, setup, 'before', BASELINE_MS)}),
    okShareMin: 0.3,
  },
  load: (tools, setup) => ({operations: traffic(tools.random, setup, 'attack', LOAD_MS)}),
  faults: () => [{kind: 'pause', target: 'stream', atMs: HANG_AT_MS, forMs: HANG_FOR_MS}],
  recovery: {withinMs: 10_000},
  final: async () => null,
  summary: evidence => {
    const window = hang(evidence);
    const others = select(evidence.attack, {name: 'read-account', ...window});
    const ok = others.filter(entry => entry.outcome === 'ok');
    return [
      `stream hung for ${HANG_FOR_MS / 1000} s; identity was well. Of ${others.length} requests for identity's routes ${ok.length} succeeded meanwhile.`,
      `Their p99 was ${Math.round(p99Of(others))} ms; before the hang it was ${Math.round(p99Of(baselineOf(evidence, 'read-account')))} ms. stream got ${toStream(evidence, window).length} requests while it hung.`,
    ];
  },
  tasks: [
    {
      id: 'others-unharmed',
      title: 'Routes that do not need stream keep their success',
      judges: 'counting',
      codes: ['OTHERS_STARVED', 'OTHERS_REFUSED'],
      settled: {OTHERS_STARVED: 'once-lost', OTHERS_REFUSED: 'once-lost'},
      judge: judgeOthers,
    },
    {
      id: 'others-fast',
      title: 'And they stay fast',
      judges: 'timing',
      codes: ['OTHERS_SLOW'],
      settled: {OTHERS_SLOW: 'once-lost'},
      judge: evidence => {
        const before = p99Of(baselineOf(evidence, 'read-account'));
        const bound = Math.max(2 * before, before + 100);
        const during = select(evidence.attack, {name: 'read-account', ...hang(evidence)});
        const p99 = p99Of(during);
        const observed = `p99 of identity's routes was ${Math.round(p99)} ms while stream hung`;
        const expected = `at most ${Math.round(bound)} ms: twice the baseline's ${Math.round(before)} ms, or 100 ms more`;
        return p99 <= bound
          ? pass(observed, expected)
          : fail('OTHERS_SLOW', observed, expected, slowest(evidence, during));
      },
    },
    {
      id: 'circuit-opens',
      title: 'The hung upstream is left alone within 5 s, but for one probe a second',
      judges: 'counting',
      codes: ['STILL_CALLING', 'PROBE_STAMPEDE'],
      settled: {STILL_CALLING: 'once-lost'},
      judge: judgeOpening,
    },
    {
      id: 'circuit-closes',
      title: 'Within 10 s of its recovery it is used again',
      judges: 'counting',
      codes: ['NOT_CLOSED'],
      settled: {NOT_CLOSED: 'once-lost'},
      judge: evidence => {
        const {to} = hang(evidence);
        const from = to + CLOSED_WITHIN_MS;
        const after = evidence.attack.filter(entry => entry.name === 'read-windows' && entry.intendedAt >= from);
        const ok = after.filter(entry => entry.outcome === 'ok');
        const first = evidence.attack.find(
          entry => entry.name === 'read-windows' && entry.intendedAt >= to && entry.outcome === 'ok',
        );
        const observed = `${ok.length} of ${after.length} requests for stream succeeded from 10 s after its recovery on${first === undefined ? '' : `, the first one ${((first.intendedAt - to) / 1000).toFixed(1)} s after it`}`;
        const expected = '95 % of them do';
        if (after.length > 0 && ok.length >= 0.95 * after.length) return pass(observed, expected);
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
      },
    },
    {
      id: 'writes-once',
      title: 'What is not safe to repeat is sent once',
      judges: 'counting',
      codes: ['UNSAFE_RETRY'],
      settled: {UNSAFE_RETRY: 'at-once'},
      judge: evidence => {
        const posts = evidence.requests.filter(
          request =>
            request.link === 'gateway->stream' && request.method === 'POST' && request.traceparent !== undefined,
        );
        const byTrace = repetitions(posts, request => request.traceparent?.split('-')[1]);
        const repeated = [...byTrace.entries()].filter(([, requests]) => requests.length > 1);
        const observed = `${repeated.length} of ${byTrace.size} writes went to stream more than once`;
        const expected =
          'a POST without an idempotency key goes out once: nobody knows whether the first one took effect';
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
      },
    },
    {
      id: 'works-when-healthy',
      title: 'While stream is well, it is used',
      judges: 'counting',
      codes: ['REFUSES_HEALTHY'],
      settled: {REFUSES_HEALTHY: 'at-once'},
      judge: evidence => {
        const before = [...baselineOf(evidence, 'read-windows'), ...baselineOf(evidence, 'send-activity')];
        const ok = before.filter(entry => entry.outcome === 'ok');
        const observed = `${ok.length} of ${before.length} requests for a healthy stream succeeded`;
        const expected = '97 % of them do';
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
      },
    },
  ],
  wrong: [
    {
      name: 'one-breaker-for-all',
      task: 'others-unharmed',
      code: 'OTHERS_REFUSED',
      why: 'a breaker in a shared client library is one line, and one breaker',
    },
    {
      name: 'shorter-timeout',
      task: 'circuit-opens',
      code: 'STILL_CALLING',
      why: 'a shorter timeout does free the sockets, and looks like the whole answer',
    },
    {
      name: 'retry-everything',
      task: 'writes-once',
      code: 'UNSAFE_RETRY',
      why: 'one more try hides most small failures, and doubles what took effect',
    },
    {name: 'stays-open', task: 'circuit-closes', code: 'NOT_CLOSED', why: 'a long pause protects the upstream well'},
    {
      name: 'refuse-everything',
      task: 'works-when-healthy',
      code: 'REFUSES_HEALTHY',
      why: 'taking the feature out ends the incident',
    },
    {
      name: 'probe-stampede',
      task: 'circuit-opens',
      code: 'PROBE_STAMPEDE',
      why: 'a half-open state that is only a time lets everybody through at that time',
    },
  ],
});

function judgeOthers(evidence: Evidence<Setup, null>): Judgement {
  const others = select(evidence.attack, {name: 'read-account', ...hang(evidence)});
  const ok = others.filter(entry => entry.outcome === 'ok');
  const observed = `${ok.length} of ${others.length} requests for identity's routes succeeded while stream hung`;
  const expected = `${OTHERS_SHARE * 100} % of them do: identity is well all the time`;
  if (ok.length >= OTHERS_SHARE * others.length) return pass(observed, expected);
  const failed = others.filter(entry => entry.outcome !== 'ok');
  // A request that was turned away at the gateway's own cap never had a policy; one that the policy refused never left for identity either.
  const refused = failed.filter(
    entry =>
      /does not answer|refused|circuit/i.test(entry.sends.at(-1)?.body ?? '') &&
      !/in flight/i.test(entry.sends.at(-1)?.body ?? ''),
  );
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

function judgeOpening(evidence: Evidence<Setup, null>): Judgement {
  const {from, to} = hang(evidence);
  const window = {from: from + OPEN_WITHIN_MS, to};
  const calls = toStream(evidence, window);
  const intervals = Math.ceil((window.to - window.from) / PROBE_EVERY_MS);
  const observed = `stream got ${calls.length} requests from 5 s into its hang on, in ${((window.to - window.from) / 1000).toFixed(1)} s`;
  const expected = `at most one a second (${intervals + 1})`;
  if (calls.length <= intervals + 1) return pass(observed, expected);
  const perSecond = Array.from(
    {length: intervals},
    (_, second) => calls.filter(call => Math.floor((call.at - window.from) / PROBE_EVERY_MS) === second).length,
  );
  const wanted = evidence.attack.filter(
    entry => entry.name !== 'read-account' && entry.intendedAt >= window.from && entry.intendedAt <= window.to,
  ).length;
  // A policy that pauses and then lets a crowd through still keeps most requests away.
  const code = calls.length < 0.3 * wanted ? 'PROBE_STAMPEDE' : 'STILL_CALLING';
  return fail(code, observed, expected, [
    `requests per second: ${perSecond.join(', ')}`,
    ...calls
      .slice(0, 3)
      .map(call => `${sinceAttack(evidence, call.at)}: ${call.method} ${call.path}: ${call.status ?? 'no answer'}`),
  ]);
}

/** When stream hung, as the fault's record tells it, unix ms. */
function hang({faults, times}: Evidence<Setup, null>): {readonly from: number; readonly to: number} {
  const pause = faults.find(fault => fault.kind === 'pause');
  const from = pause?.appliedAt ?? times.attackFrom + HANG_AT_MS;
  return {from, to: pause?.endedAt ?? from + HANG_FOR_MS};
}

function toStream({requests}: Evidence<Setup, null>, window: {readonly from: number; readonly to: number}) {
  return selectRequests(requests, {link: 'gateway->stream', ...window});
}

function baselineOf({baseline, times}: Evidence<Setup, null>, route: Route): readonly LedgerEntry[] {
  return select(baseline, {name: route, from: times.baselineFrom + WARM_AFTER_MS});
}

function p99Of(entries: readonly LedgerEntry[]): number {
  return percentile(latencies(entries), 0.99) ?? 0;
}

function slowest(evidence: Evidence<Setup, null>, entries: readonly LedgerEntry[]): string[] {
  return stories(
    evidence,
    entries.toSorted((a, b) => b.latencyMs - a.latencyMs),
  );
}

function stories(evidence: Evidence<Setup, null>, entries: readonly LedgerEntry[]): string[] {
  return entries
    .slice(0, 4)
    .map(
      entry =>
        `op ${entry.id} at ${sinceAttack(evidence, entry.intendedAt)}: ${entry.status ?? entry.sends[0]?.error ?? 'no answer'} after ${Math.round(entry.latencyMs)} ms${detailOf(entry)}`,
    );
}

function detailOf(entry: LedgerEntry): string {
  const detail = /"detail":"([^"]{1,80})/.exec(entry.sends.at(-1)?.body ?? '')?.[1];
  return detail === undefined ? '' : ` (${detail})`;
}

function sinceAttack({times}: Evidence<Setup, null>, at: number): string {
  return `${at >= times.attackFrom ? '+' : ''}${((at - times.attackFrom) / 1000).toFixed(2)} s`;
}
