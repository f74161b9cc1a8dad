import {selectRequests} from '../../src/checkers/attempts.ts';
import {select} from '../../src/checkers/availability.ts';
import {percentile} from '../../src/checkers/percentiles.ts';
import {story} from '../../src/checkers/story.ts';
import type {RequestLogEntry} from '../../src/fabric/fabric.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {CALLERS, type Setup, WINDOWS} from './traffic.ts';

export type Seen = Evidence<Setup, null>;
type Window = {readonly from: number; readonly to: number};

const LINK = 'gateway->stream';
const LATE_TIMES = 1.2;
/** A first try that begins this shortly after its caller's time is up has been on its way here, ms. */
const FIRST_TRY_EDGE_MS = 40;
/** A further try begins where the one before ended. The caller's clock started before the gateway's, so there is nothing to forgive but a timer's haste, ms. */
const FURTHER_TRY_EDGE_MS = -5;
const SERVED_SHARE = 0.95;
const SENT_AGAIN_SHARE = 0.8;
/** Of the bound on requests under way: what the machine may add. */
const UNDER_WAY_SPARE = 6;

/** What was asked for while stream was hung, and how late it ended. */
export const judgeHang = (evidence: Seen): Judgement =>
  judgeEnds(evidence, windowOf(evidence, 'hang'), 'ENDS_LATE', 'while stream was hung');

export const judgeDrip = (evidence: Seen): Judgement =>
  judgeEnds(evidence, windowOf(evidence, 'drip'), 'BODY_DRIPS', 'while answers came drop by drop');

function judgeEnds(evidence: Seen, window: Window, code: string, when: string): Judgement {
  const entries = within(evidence.attack, window);
  const p99 = percentile(entries.map(lateness), 0.99);
  const expected = `99 % of them end within ${LATE_TIMES} x the time that their callers wait`;
  if (p99 === undefined) return inconclusive('NOTHING_ASKED', `nothing was asked for ${when}`, expected);
  const observed = `${entries.length} requests were asked for ${when}; 99 % of them had ended after ${p99.toFixed(2)} x the time that their callers wait`;
  if (p99 <= LATE_TIMES) return pass(observed, expected);
  const late = entries.filter(entry => lateness(entry) > LATE_TIMES).toSorted((a, b) => lateness(b) - lateness(a));
  return fail(code, observed, expected, [
    ...tell(evidence, late),
    `${late.length} of ${entries.length} ended later than that`,
  ]);
}

export function judgeUnderWay(evidence: Seen): Judgement {
  const requests = selectRequests(evidence.requests, {link: LINK});
  const most = mostAtOnce(requests);
  const meant = Object.values(CALLERS).reduce(
    (sum, {ratePerSecond, patienceMs: [least, longest]}) => sum + (ratePerSecond * (least + longest)) / 2_000,
    0,
  );
  const bound = Math.ceil(LATE_TIMES * meant + UNDER_WAY_SPARE);
  const observed = `up to ${most.count} requests were under way to stream at once`;
  const expected = `at most ${bound}: as many as callers wait for (${meant.toFixed(0)}: their rate times their time), and a little`;
  if (requests.length === 0) return inconclusive('NOTHING_ASKED', 'nothing was asked of stream', expected);
  if (most.count <= bound) return pass(observed, expected);
  return fail('REQUESTS_PILE_UP', observed, expected, [
    `at ${since(evidence, most.at)} these were still under way:`,
    ...most.entries
      .toSorted((a, b) => a.at - b.at)
      .slice(0, 4)
      .map(
        request =>
          `${request.method} ${request.path} since ${since(evidence, request.at)}, held for ${Math.round(heldMs(request))} ms`,
      ),
  ]);
}

export function judgeStarts(evidence: Seen): Judgement {
  const deadlines = new Map(
    evidence.attack.flatMap(entry => {
      const [send] = entry.sends;
      const trace = traceOf(entry);
      return send === undefined || trace === undefined ? [] : [[trace, {entry, at: send.at + waits(entry)}] as const];
    }),
  );
  const tried = new Set<string>();
  const inOrder = selectRequests(evidence.requests, {link: LINK}).toSorted((a, b) => a.at - b.at);
  const starts = inOrder.flatMap(request => {
    const trace = request.traceparent?.split('-')[1] ?? '';
    const asked = deadlines.get(trace);
    if (asked === undefined) return [];
    const isFirst = !tried.has(trace);
    tried.add(trace);
    return [{request, isFirst, ...asked}];
  });
  const late = starts.filter(
    ({request, isFirst, at}) => request.at > at + (isFirst ? FIRST_TRY_EDGE_MS : FURTHER_TRY_EDGE_MS),
  );
  const observed = `${late.length} of ${starts.length} requests to stream began after their caller had stopped waiting`;
  const expected = 'none does: nobody would read the answer';
  if (starts.length === 0) return inconclusive('NOTHING_ASKED', 'nothing was asked of stream', expected);
  if (late.length === 0) return pass(observed, expected);
  return fail(
    'STARTS_LATE',
    observed,
    expected,
    late.slice(0, 2).flatMap(({entry}) => tell(evidence, [entry])),
  );
}

export function judgeSlow(evidence: Seen): Judgement {
  const patient = within(evidence.attack, windowOf(evidence, 'slow')).filter(({name}) => name === 'patient');
  return judgeServed(evidence, patient, {
    code: 'GIVES_UP_EARLY',
    who: 'requests whose callers wait long enough were answered while stream was slow',
  });
}

export function judgeHealthy(evidence: Seen): Judgement {
  return judgeServed(evidence, evidence.baseline, {
    code: 'REFUSES_HEALTHY',
    who: 'requests were answered in time while all was well',
  });
}

function judgeServed(
  evidence: Seen,
  entries: readonly LedgerEntry[],
  {code, who}: {readonly code: string; readonly who: string},
): Judgement {
  const served = entries.filter(entry => entry.outcome === 'ok' && lateness(entry) <= LATE_TIMES);
  const observed = `${served.length} of ${entries.length} ${who}`;
  const expected = `${SERVED_SHARE * 100} % of them are`;
  if (entries.length === 0) return inconclusive('NOTHING_ASKED', observed, expected);
  if (served.length >= SERVED_SHARE * entries.length) return pass(observed, expected);
  const others = entries.filter(entry => !served.includes(entry));
  return fail(code, observed, expected, tell(evidence, others));
}

/** What happens to reads whose answer is lost on the way: a second try is worth its while, as long as there is time. */
export function judgeSecondTry(evidence: Seen): Judgement {
  const requests = selectRequests(evidence.requests, {link: LINK});
  const {from, to} = windowOf(evidence, 'lost');
  const lost = select(evidence.attack, {from, to}).flatMap(entry => {
    const tries = ofTrace(requests, entry).toSorted((a, b) => a.at - b.at);
    return tries[0]?.lost === 'drop_reply' ? [{entry, tries: tries.length}] : [];
  });
  const again = lost.filter(({tries}) => tries > 1);
  const observed = `the answer to ${lost.length} requests was lost on the way; ${again.length} of them were sent again`;
  const expected = `${SENT_AGAIN_SHARE * 100} % of them are: they may be repeated, and their callers still wait`;
  // Whoever asked last still waits for a while.
  const isOver = evidence.times.attackTo > to + LATE_TIMES * CALLERS.patient.patienceMs[1];
  if (!isOver || lost.length < 5) return inconclusive('NOTHING_LOST', observed, expected);
  if (again.length >= SENT_AGAIN_SHARE * lost.length) return pass(observed, expected);
  const not = lost.filter(({tries}) => tries === 1).map(({entry}) => entry);
  return fail('SECOND_TRY_GONE', observed, expected, tell(evidence, not));
}

/** When a fault was in force, as its record tells it, unix ms. */
export function windowOf({faults, times}: Seen, name: keyof typeof WINDOWS): Window {
  const {atMs, forMs} = WINDOWS[name];
  const kind = {hang: 'pause', slow: 'latency', lost: 'drop-reply', drip: 'bandwidth'}[name];
  const record = faults.find(fault => fault.kind === kind);
  const from = record?.appliedAt ?? times.attackFrom + atMs;
  return {from, to: record?.endedAt ?? from + forMs};
}

/** What was asked for while a fault was in force, and for so long before its end that it stayed in force for the whole time that callers wait. */
export function within(entries: readonly LedgerEntry[], {from, to}: Window): readonly LedgerEntry[] {
  return entries.filter(entry => entry.intendedAt >= from && entry.intendedAt + waits(entry) < to);
}

/** How long the caller says that it waits, ms. */
function waits({operation}: LedgerEntry): number {
  return Number(operation.facts?.waitsMs);
}

/** The time until the request had ended, one way or the other, in times of what its caller waits. */
export function lateness(entry: LedgerEntry): number {
  const [send] = entry.sends;
  const ended = send === undefined ? entry.operation.patienceMs : send.at + send.durationMs - entry.intendedAt;
  return ended / waits(entry);
}

/** The most requests that were under way at one moment, and which. */
function mostAtOnce(requests: readonly RequestLogEntry[]) {
  const at = requests
    .map(request => request.at)
    .map(moment => ({moment, count: underWayAt(requests, moment).length}))
    .reduce((most, one) => (one.count > most.count ? one : most), {moment: 0, count: 0});
  return {at: at.moment, count: at.count, entries: underWayAt(requests, at.moment)};
}

function underWayAt(requests: readonly RequestLogEntry[], moment: number): readonly RequestLogEntry[] {
  return requests.filter(request => request.at <= moment && request.at + heldMs(request) > moment);
}

/** How long the gateway held a request, ms: it may have closed its side before stream, which was hung, had anything to say. */
function heldMs({durationMs, abandonedMs}: RequestLogEntry): number {
  return Math.min(durationMs, abandonedMs ?? Number.POSITIVE_INFINITY);
}

function ofTrace(requests: readonly RequestLogEntry[], entry: LedgerEntry): readonly RequestLogEntry[] {
  const trace = traceOf(entry);
  return requests.filter(({traceparent}) => traceparent?.split('-')[1] === trace);
}

function traceOf({operation}: LedgerEntry): string | undefined {
  return operation.request.headers?.traceparent?.split('-')[1];
}

function tell(evidence: Seen, entries: readonly LedgerEntry[]): string[] {
  const [first] = entries;
  if (first === undefined) return [];
  const counts = {'waits (ms)': waits(first)};
  return [...story(first, {requests: ofTrace(evidence.requests, first), counts, linesMax: 8})];
}

function since({times}: Seen, at: number): string {
  return `+${((at - times.attackFrom) / 1_000).toFixed(2)} s`;
}
