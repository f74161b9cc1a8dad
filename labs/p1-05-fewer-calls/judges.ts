import {repetitions, selectRequests} from '../../src/checkers/attempts.ts';
import {select} from '../../src/checkers/availability.ts';
import {latencies, percentile} from '../../src/checkers/percentiles.ts';
import {story} from '../../src/checkers/story.ts';
import type {RequestLogEntry} from '../../src/fabric/fabric.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import {drawn} from '../../src/labs/predict/draw.ts';
import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {difference, expectedPage, type Final, type Names} from './page.ts';
import {type Parameters, parameters} from './parameters.ts';
import type {Setup} from './set-up.ts';
import {DOWN, PAGES, SLOW} from './traffic.ts';

export type Seen = Evidence<Setup, Final>;
type Window = {readonly from: number; readonly to: number};

const CALLS_MAX = 2;
const SERVED_SHARE = 0.95;
/** For what a machine does beside: calls one after the other take ten times as much. */
const SLACK_MS = 60;
/** A page may be this old, ms. */
const STALE_AFTER_MS = 1_000;
/** A page that is under way when identity goes, or is asked for in the moments after it, may be either. */
const EDGE_MS = 300;
const SOME_WRONG_SHARE = 0.03;

export function parametersOf({seed}: Seen): Parameters {
  return drawn(seed, parameters);
}

export function judgeCalls(evidence: Seen): Judgement {
  const down = downWindow(evidence);
  const pages = select(evidence.attack, {name: 'page'}).filter(entry => !overlaps(entry, down));
  const calls = upstreamCalls(evidence);
  const byTrace = repetitions(calls, ({traceparent}) => traceparent?.split('-')[1]);
  const counts = pages.map(entry => ({entry, calls: byTrace.get(traceOf(entry) ?? '') ?? []}));
  const most = counts.toSorted((a, b) => b.calls.length - a.calls.length)[0];
  const {alerts} = parametersOf(evidence);
  const expected = `at most ${CALLS_MAX} for each, however many alerts it has`;
  if (most === undefined) return inconclusive('NO_PAGES', 'no page was asked for', expected);
  // Calls that are made beside the pages are calls too: all of them together are counted as well.
  const perPage = calls.length / select(evidence.attack, {name: 'page'}).length;
  const observed = `a page of ${alerts} alerts took up to ${most.calls.length} calls to the services; all together ${calls.length} calls, ${perPage.toFixed(1)} a page`;
  if (most.calls.length <= CALLS_MAX && perPage <= CALLS_MAX) return pass(observed, expected);
  return fail('TOO_MANY_CALLS', observed, expected, story(most.entry, {requests: most.calls, linesMax: 8}));
}

export function judgeSlow(evidence: Seen): Judgement {
  const {alerts, hopMs} = parametersOf(evidence);
  const p95 = slowP95(evidence);
  // A page that was not answered says nothing of how long one takes.
  const healthy = select(evidence.baseline, {name: 'page'}).filter(({outcome}) => outcome === 'ok');
  const before = percentile(latencies(healthy), 0.5);
  if (before === undefined)
    return inconclusive('NO_PAGES', 'no page was answered before hops were slow', 'pages to compare with');
  const bound = Math.round(3 * hopMs + 2 * before + SLACK_MS);
  const expected = `at most ${bound} ms: three hops, twice what a page took before, and ${SLACK_MS} ms`;
  if (p95 === undefined) return inconclusive('NO_PAGES', 'no page was asked for while hops were slow', expected);
  const observed = `with ${hopMs} ms more a call, the 95th percentile of a page of ${alerts} alerts was ${Math.round(p95)} ms`;
  return p95 <= bound ? pass(observed, expected) : fail('PAGE_ADDS_UP', observed, expected);
}

/** Latency of pages while each call took longer, ms. */
export function slowP95(evidence: Seen): number | undefined {
  const {from, to} = windowOf(evidence, 'latency', SLOW);
  return percentile(latencies(select(evidence.attack, {name: 'page', from, to})), 0.95);
}

export function judgeBodies(evidence: Seen): Judgement {
  const {setup, final} = evidence;
  const {alerts: limit} = parametersOf(evidence);
  const down = downWindow(evidence);
  const renamedAt = renamed(evidence);
  const asked = [...evidence.baseline, ...evidence.attack].filter(
    entry => entry.name === 'page' && entry.status === 200 && !overlaps(entry, down),
  );
  const wrong = asked.flatMap(entry => {
    const text = entry.sends.at(-1)?.body ?? '';
    const names = namesAt(entry.intendedAt, entry.intendedAt + entry.latencyMs, renamedAt);
    const differences = names.map(one => difference(text, expectedPage(setup, {limit}, one)));
    return differences.includes(undefined) ? [] : [{entry, text, how: differences[0] ?? ''}];
  });
  const last = final.pages.flatMap(page => {
    const {which, names, status, text} = page;
    const how =
      status === 200
        ? difference(text, expectedPage(setup, which, names), true)
        : `status ${status}: ${text.slice(0, 120)}`;
    if (how === undefined) return [];
    // To whom no names are shown, none may be; that the page is there all the same is judged where identity is away.
    if (names === 'missing' && !(status === 200 && /"name":"/.test(text))) return [];
    const isOld = text === JSON.stringify(expectedPage(setup, which, 'before'));
    return [{...page, isOld, isLeak: names === 'missing', how}];
  });
  const observed = `${asked.length - wrong.length} of ${asked.length} pages were as they had to be while all services were there, and ${final.pages.length - last.length} of ${final.pages.length} at the end`;
  const expected = 'each page is what asking for each name gives: same order, same fields, the names of now';
  if (asked.length === 0 || (last.length === 0 && final.pages.length === 0))
    return inconclusive('NO_PAGES', observed, expected);
  // One page of many may have met a node that was just going, or coming back.
  const toCome = Math.max(0, PAGES - select(evidence.attack, {name: 'page'}).length);
  const wrongMax = SOME_WRONG_SHARE * (asked.length + toCome);
  if (last.length === 0 && wrong.length <= wrongMax) return pass(observed, expected);
  const [first] = wrong;
  const stale =
    wrong.filter(({text}) => difference(text, expectedPage(setup, {limit}, 'before')) === undefined).length +
    last.filter(({isOld}) => isOld).length;
  const onlyLeaks = last.every(({isLeak}) => isLeak) && wrong.length <= wrongMax;
  const code = onlyLeaks ? 'NAMES_LEAKED' : stale > (wrong.length + last.length) / 2 ? 'STALE_NAMES' : 'WRONG_PAGE';
  return fail(code, observed, expected, [
    ...(first === undefined ? [] : [...story(first.entry, {linesMax: 2}), first.how]),
    ...last
      .slice(0, 1)
      .map(
        ({which, names, how}) =>
          `at the end, limit ${which.limit}${names === 'missing' ? ', asked for by somebody who may not see names' : ''}: ${how}`,
      ),
  ]);
}

export function judgeGap(evidence: Seen): Judgement {
  const {setup} = evidence;
  const {alerts: limit} = parametersOf(evidence);
  const {from, to} = downWindow(evidence);
  const pages = select(evidence.attack, {name: 'page', from: from + EDGE_MS, to: to - EDGE_MS});
  const served = pages.filter(({status, outcome}) => status === 200 && outcome === 'ok');
  const expected = `${SERVED_SHARE * 100} % of them have all alerts, and name what is missing`;
  const observed = `${served.length} of ${pages.length} pages that were asked for while identity was away were answered`;
  if (pages.length === 0) return inconclusive('NO_PAGES', observed, expected);
  if (served.length < SERVED_SHARE * pages.length) {
    const lost = pages.filter(entry => !served.includes(entry));
    return unlessBusy(
      evidence.control.busy,
      served.length / pages.length,
      fail('PAGE_LOST', observed, expected, tell(evidence, lost)),
    );
  }
  const without = expectedPage(setup, {limit}, 'missing');
  const withNames = expectedPage(setup, {limit}, 'after');
  const dishonest = served.filter(entry => {
    const text = entry.sends.at(-1)?.body ?? '';
    // Names that are still known are names; and then nothing is missing.
    return difference(text, without) !== undefined && difference(text, withNames) !== undefined;
  });
  if (dishonest.length === 0) return pass(`${observed}, and said what they lack`, expected);
  const how = difference(dishonest[0]?.sends.at(-1)?.body ?? '', without) ?? '';
  return fail('GAP_UNSAID', `${observed}; ${dishonest.length} of them did not say what they lack`, expected, [
    ...tell(evidence, dishonest),
    how,
  ]);
}

/** Calls of the gateway to the services that are about the page: neither for keys, nor the change of name itself. */
function upstreamCalls({requests, times}: Seen): readonly RequestLogEntry[] {
  return selectRequests(requests, {from: times.attackFrom, to: times.attackTo}).filter(
    ({link, method, path}) =>
      (link === 'gateway->identity' || link === 'gateway->stream') &&
      method !== 'PATCH' &&
      !path.startsWith('/.well-known/'),
  );
}

function downWindow(evidence: Seen): Window {
  const {from, to} = windowOf(evidence, 'crash', DOWN);
  return {from: from - EDGE_MS, to: to + STALE_AFTER_MS};
}

function windowOf(
  {faults, times}: Seen,
  kind: string,
  {atMs, forMs}: {readonly atMs: number; readonly forMs: number},
): Window {
  const record = faults.find(fault => fault.kind === kind);
  const from = record?.appliedAt ?? times.attackFrom + atMs;
  // A node may take its time to come back: what has not ended has lasted until now at least.
  const atLeast = record === undefined ? from : times.attackTo;
  return {from, to: record?.endedAt ?? Math.max(from + forMs, atLeast)};
}

function overlaps({intendedAt, latencyMs}: LedgerEntry, {from, to}: Window): boolean {
  return intendedAt + latencyMs > from && intendedAt < to;
}

/** When the account got its new name, unix ms: between these two. As long as nobody was told, it may have it or not. */
function renamed({attack, times}: Seen): Window {
  const [entry] = select(attack, {name: 'rename'});
  if (entry === undefined) return {from: times.attackFrom, to: Number.POSITIVE_INFINITY};
  const [send] = entry.sends;
  const from = send?.at ?? Number.POSITIVE_INFINITY;
  return {from, to: send === undefined ? from : send.at + send.durationMs};
}

/** Which names a page may show that was asked for and answered at these times. */
function namesAt(asked: number, answered: number, change: Window): readonly Names[] {
  if (answered < change.from) return ['before'];
  return asked > change.to + STALE_AFTER_MS ? ['after'] : ['before', 'after'];
}

function tell({requests}: Seen, entries: readonly LedgerEntry[]): readonly string[] {
  const [first] = entries;
  if (first === undefined) return [];
  const trace = traceOf(first);
  return story(first, {
    requests: requests.filter(({traceparent}) => traceparent?.split('-')[1] === trace),
    linesMax: 6,
  });
}

function traceOf({operation}: LedgerEntry): string | undefined {
  return operation.request.headers?.traceparent?.split('-')[1];
}
