import {describe, expect, it} from 'vitest';
import type {RequestLogEntry} from '../../src/fabric/fabric.ts';
import {codesOf, refusals} from '../../src/labs/testing.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Seen} from './judges.ts';
import lab from './lab.ts';
import {type Caller, WINDOWS} from './traffic.ts';

const FROM = 1_000_000;
const WAITS_MS: Readonly<Record<Caller, number>> = {impatient: 400, patient: 1_000};
/** Between two requests of one kind of callers, ms. */
const GAP_MS = 1_000 / 14;
/** As many as callers wait for, and a little. */
const UNDER_WAY_MAX = 32;

type When = keyof typeof WINDOWS | 'well';

interface Try {
  /** Since the request was sent, ms. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly lost?: boolean;
}

/** What becomes of a request: when its caller has the end of it, whether that is an answer, and what was sent to stream for it. */
interface Course {
  readonly endsMs: number;
  readonly ok: boolean;
  readonly tries: readonly Try[];
}

interface Asked {
  readonly caller: Caller;
  readonly when: When;
  /** Its number among those of its caller at such a time. */
  readonly index: number;
}
type Change = (asked: Asked) => Course | undefined;

function once(durationMs: number, ok = true): Course {
  return {endsMs: durationMs, ok, tries: [{atMs: 0, durationMs}]};
}

/** As a deadline has it: all ends when the caller stops waiting, and what was lost is sent again. */
function course({caller, when, index}: Asked): Course {
  const waitsMs = WAITS_MS[caller];
  if (when === 'hang' || when === 'drip') return once(waitsMs, false);
  if (when === 'slow') return waitsMs > 555 ? once(555) : once(waitsMs, false);
  const isLost = when === 'lost' && index % 4 === 0;
  if (!isLost) return once(5);
  const tries = [
    {atMs: 0, durationMs: 5, lost: true},
    {atMs: 5, durationMs: 5},
  ];
  return {endsMs: 10, ok: true, tries};
}

function whenIs(at: number): When {
  const names = Object.keys(WINDOWS) as (keyof typeof WINDOWS)[];
  return names.find(name => at >= WINDOWS[name].atMs && at < WINDOWS[name].atMs + WINDOWS[name].forMs) ?? 'well';
}

/** A run of code that keeps to the deadline, but for what is changed. */
function seen(change: Change = () => undefined): Seen {
  const requests: RequestLogEntry[] = [];
  const traffic = (from: number, lengthMs: number, phase: string) =>
    (Object.keys(WAITS_MS) as Caller[]).flatMap(caller => {
      const counts = new Map<When, number>();
      return Array.from({length: Math.floor(lengthMs / GAP_MS)}, (_, number): LedgerEntry => {
        const at = from + number * GAP_MS;
        const when = whenIs(at - FROM);
        const index = counts.get(when) ?? 0;
        counts.set(when, index + 1);
        const asked = {caller, when, index};
        const {endsMs, ok, tries} = change(asked) ?? course(asked);
        const traceparent = `00-${phase}${caller}${number}-1-01`;
        if (phase === 'attack')
          for (const {atMs, durationMs, lost} of tries)
            requests.push({
              ...{proxy: '', link: 'gateway->stream', from: 'gateway-1', to: 'stream-1', method: 'GET', path: '/'},
              ...{at: at + atMs, durationMs, status: lost ? null : 200, traceparent},
              ...(lost ? {lost: 'drop_reply' as const} : {}),
            });
        return {
          ...{id: `${caller}-${number}`, name: caller, phase, intendedAt: at, latencyMs: endsMs, uncorrectedMs: endsMs},
          ...{outcome: ok ? 'ok' : 'info', status: ok ? 200 : 504},
          sends: [{at, durationMs: endsMs, to: '', status: ok ? 200 : 504}],
          operation: {
            request: {method: 'GET', path: '/', headers: {traceparent}},
            patienceMs: 4 * WAITS_MS[caller],
            facts: {waitsMs: WAITS_MS[caller]},
          },
        };
      });
    });
  const kinds = {hang: 'pause', slow: 'latency', lost: 'drop-reply', drip: 'bandwidth'} as const;
  const faults = (Object.keys(kinds) as (keyof typeof WINDOWS)[]).map(name => {
    const {atMs, forMs} = WINDOWS[name];
    return {kind: kinds[name], appliedAt: FROM + atMs, endedAt: FROM + atMs + forMs};
  });
  return {
    ...{baseline: traffic(FROM - 5_000, 2_500, 'baseline'), attack: traffic(FROM, 18_500, 'attack'), requests, faults},
    times: {attackFrom: FROM, attackTo: FROM + 18_500},
    control: {busy: false},
  } as unknown as Seen;
}

/** Changes the first requests of one kind of callers at such a time. */
function first(count: number, caller: Caller, when: When, to: Course): Change {
  return asked => (asked.caller === caller && asked.when === when && asked.index < count ? to : undefined);
}

/** So many further requests to stream that are under way at one moment, while nothing else is. */
function holding(count: number): Seen {
  const run = seen();
  const [one] = run.requests;
  const held = Array.from({length: count}, () => ({...one, at: FROM + 7_510, durationMs: 50, traceparent: undefined}));
  return {...run, requests: [...run.requests, ...held] as RequestLogEntry[]};
}

const late = (times: number): Course => ({...once(400, false), endsMs: 400 * times});
const twice = (secondAtMs: number): Course => ({
  endsMs: 400,
  ok: false,
  tries: [
    {atMs: 0, durationMs: 390},
    {atMs: secondAtMs, durationMs: 1},
  ],
});
const refused: Course = {endsMs: 1, ok: false, tries: []};
const notAgain: Course = {endsMs: 5, ok: false, tries: [{atMs: 0, durationMs: 5, lost: true}]};

/** Half of those that were answered before anything was broken. */
function withoutImpatient(run: Seen): Seen {
  const entry = (each: LedgerEntry): LedgerEntry => ({...each, outcome: 'info', status: 503});
  return {...run, baseline: run.baseline.map(each => (each.name === 'impatient' ? entry(each) : each))};
}

const REFUSED_WITH: Readonly<Record<string, Seen>> = {
  'hang-in-time/ENDS_LATE': seen(first(100, 'impatient', 'hang', late(1.3))),
  'drip-in-time/BODY_DRIPS': seen(first(100, 'impatient', 'drip', late(1.3))),
  'under-way-bounded/REQUESTS_PILE_UP': holding(UNDER_WAY_MAX + 1),
  'nothing-starts-late/STARTS_LATE': seen(first(1, 'impatient', 'hang', twice(396))),
  'slow-is-served/GIVES_UP_EARLY': seen(first(100, 'patient', 'slow', once(300, false))),
  'second-try/SECOND_TRY_GONE': seen(asked => (asked.when === 'lost' && asked.index % 4 === 0 ? notAgain : undefined)),
  'served-when-healthy/REFUSES_HEALTHY': withoutImpatient(seen()),
};

describe("p1-06's judges", () => {
  it('pass what ends in time and is served as long as somebody waits', () => {
    expect(refusals(lab, seen())).toEqual([]);
  });

  it('have a code for each mistake, and no other', () => {
    expect(Object.keys(REFUSED_WITH)).toEqual(codesOf(lab));
    for (const [code, run] of Object.entries(REFUSED_WITH)) expect(refusals(lab, run)).toEqual([code]);
  });

  it('let requests end a fifth later than their callers stop waiting, and one of a hundred later still', () => {
    expect(refusals(lab, seen(first(100, 'impatient', 'hang', late(1.2))))).toEqual([]);
    expect(refusals(lab, seen(first(1, 'impatient', 'hang', late(3))))).toEqual([]);
    expect(refusals(lab, seen(first(2, 'impatient', 'hang', late(3))))).toEqual(['hang-in-time/ENDS_LATE']);
  });

  it('let as many be under way as callers wait for, and a little', () => {
    expect(refusals(lab, holding(UNDER_WAY_MAX))).toEqual([]);
  });

  it('forgive a first try its way here, and a second one a timer that is hasty', () => {
    const startsAt = (atMs: number): Course => ({...once(400, false), tries: [{atMs, durationMs: 1}]});
    const tried = (to: Course) => refusals(lab, seen(first(1, 'impatient', 'hang', to)));
    expect(tried(startsAt(440))).toEqual([]);
    expect(tried(startsAt(441))).toEqual(['nothing-starts-late/STARTS_LATE']);
    expect(tried(twice(395))).toEqual([]);
  });

  it('want nineteen of twenty to be served while all is well', () => {
    const run = seen();
    // Of seventy.
    const without = (count: number): Seen => ({
      ...run,
      baseline: run.baseline.map((each, index) => (index < count ? {...each, outcome: 'info', status: 503} : each)),
    });
    expect(run.baseline).toHaveLength(70);
    expect(refusals(lab, without(3))).toEqual([]);
    expect(refusals(lab, without(4))).toEqual(['served-when-healthy/REFUSES_HEALTHY']);
  });

  it('leave second tries open where nothing was asked of stream', () => {
    const run = seen(({when}) => (when === 'lost' ? refused : undefined));
    expect(refusals(lab, run)).toEqual(['second-try/NOTHING_LOST (open)']);
  });

  it('leave open what nobody asked', () => {
    expect(refusals(lab, {...seen(), baseline: [], attack: [], requests: []})).toEqual([
      'hang-in-time/NOTHING_ASKED (open)',
      'drip-in-time/NOTHING_ASKED (open)',
      'under-way-bounded/NOTHING_ASKED (open)',
      'nothing-starts-late/NOTHING_ASKED (open)',
      'slow-is-served/NOTHING_ASKED (open)',
      'second-try/NOTHING_LOST (open)',
      'served-when-healthy/NOTHING_ASKED (open)',
    ]);
  });
});
