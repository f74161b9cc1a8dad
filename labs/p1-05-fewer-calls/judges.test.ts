import {describe, expect, it} from 'vitest';
import type {RequestLogEntry} from '../../src/fabric/fabric.ts';
import {drawn} from '../../src/labs/predict/draw.ts';
import {codesOf, refusals} from '../../src/labs/testing.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Seen} from './judges.ts';
import lab from './lab.ts';
import {expectedPage, type Names} from './page.ts';
import {parameters} from './parameters.ts';
import type {Setup} from './set-up.ts';
import {DOWN, PAGES, SLOW} from './traffic.ts';

const FROM = 1_000_000;
const SEED = 1;
const {alerts: limit, hopMs} = drawn(SEED, parameters);
const RENAMED_AT = FROM + 300;
const PAGE_MS = 10;
/** The most that a page may take while hops are slow, ms. */
const BOUND_MS = 3 * hopMs + 2 * PAGE_MS + 60;
/** The ledger keeps so much of an answer. */
const KEPT = 4_096;

const setup: Setup = {
  token: '',
  renamed: {account: 'account-03', token: '', from: 'name 3', to: 'another name'},
  alerts: Array.from({length: 60}, (_, index) => ({
    account: `account-${String(index).padStart(2, '0')}`,
    // Every ninth is closed.
    name: index % 9 === 8 ? null : `name ${index}`,
    failures: 5,
    first: `2025-01-01T00:00:${String(index).padStart(2, '0')}.000Z`,
    last: '2025-01-01T00:01:00.000Z',
  })),
};

interface Answer {
  readonly status?: number | null;
  readonly latencyMs?: number;
  readonly text?: string;
  readonly calls?: number;
}

interface Change {
  /** How a page is answered, where it is not as it should be; by its number in the attack, and by when it is asked for. */
  readonly page?: (index: number, when: When) => Answer | undefined;
  readonly baseline?: Answer;
  readonly final?: Seen['final']['pages'];
}
type When = 'before' | 'slow' | 'away' | 'otherwise';

const textOf = (names: Names, which = {limit}): string => JSON.stringify(expectedPage(setup, which, names));
const during = (at: number, {atMs, forMs}: typeof SLOW | typeof DOWN): boolean =>
  at >= FROM + atMs && at < FROM + atMs + forMs;

function whenIs(at: number): When {
  if (at < RENAMED_AT) return 'before';
  if (during(at, SLOW)) return 'slow';
  return during(at, DOWN) ? 'away' : 'otherwise';
}

/** A run of code that asks once for the alerts and once for the names, but for what is changed. */
function seen({page: change = () => undefined, baseline = {}, final}: Change = {}): Seen {
  const requests: RequestLogEntry[] = [];
  const page = (
    id: number,
    at: number,
    normally: Answer,
    {latencyMs, status, text, calls}: Answer = {},
  ): LedgerEntry => {
    const [took, code] = [latencyMs ?? normally.latencyMs ?? PAGE_MS, status === undefined ? 200 : status];
    const request = {method: 'GET', path: '/', headers: {traceparent: `00-${id}-1-01`}} as const;
    for (let call = 0; call < (calls ?? 2); call++)
      requests.push({
        link: call === 0 ? 'gateway->stream' : 'gateway->identity',
        ...{proxy: '', from: 'gateway-1', to: '', at, method: 'GET', path: '/', status: 200, durationMs: 1},
        traceparent: request.headers.traceparent,
      });
    return {
      ...{id: `page-${id}`, name: 'page', phase: '', intendedAt: at, latencyMs: took, uncorrectedMs: took},
      ...{outcome: code === 200 ? 'ok' : 'info', status: code},
      sends: [{at, durationMs: took, to: '', status: code, body: (text ?? normally.text ?? '').slice(0, KEPT)}],
      operation: {request, patienceMs: 8_000},
    };
  };
  const before = Array.from({length: 8}, (_, index) =>
    page(index, FROM - 3_000 + 300 * index, {text: textOf('before')}, baseline),
  );
  requests.length = 0;
  const attack = Array.from({length: PAGES}, (_, index) => {
    const at = FROM + (index * 1_000) / 3;
    const when = whenIs(at);
    const names = ({before: 'before', slow: 'after', away: 'missing', otherwise: 'after'} as const)[when];
    const latencyMs = when === 'slow' ? PAGE_MS + 2 * hopMs : PAGE_MS;
    return page(100 + index, at, {text: textOf(names), latencyMs}, change(index, when));
  });
  const rename = {...page(99, RENAMED_AT, {}, {calls: 0}), name: 'rename'};
  const fault = (kind: string, {atMs, forMs}: typeof SLOW | typeof DOWN) => ({
    kind,
    appliedAt: FROM + atMs,
    endedAt: FROM + atMs + forMs,
  });
  return {
    ...{seed: SEED, setup, baseline: before, attack: [...attack, rename], requests},
    faults: [fault('latency', SLOW), fault('crash', DOWN)],
    times: {attackFrom: FROM, attackTo: FROM + 14_500},
    control: {busy: false},
    final: {pages: final ?? [asked('after'), asked('missing')]},
  } as unknown as Seen;
}

/** A page at the end, and what it showed. */
function asked(names: Names, shown: Names = names) {
  const which = {limit: 7};
  return {which, names, status: 200, text: textOf(shown, which)};
}

const when = (which: When, answer: Answer): Change => ({page: (_, now) => (now === which ? answer : undefined)});
/** Changes the first pages that are asked for at such a time. */
const first = (count: number, which: When, answer: Answer): Change => {
  let left = count;
  return {page: (_, now) => (now === which && left-- > 0 ? answer : undefined)};
};
const mixedUp = textOf('after').replace('"name 0"', '"name 1"');

const REFUSED_WITH: Readonly<Record<string, Seen>> = {
  'few-calls/TOO_MANY_CALLS': seen(first(1, 'slow', {calls: 3})),
  'hops-do-not-add-up/PAGE_ADDS_UP': seen(when('slow', {latencyMs: (1 + limit) * hopMs + PAGE_MS})),
  'same-page/WRONG_PAGE': seen(when('slow', {text: mixedUp})),
  'same-page/STALE_NAMES': seen(when('slow', {text: textOf('before')})),
  'same-page/NAMES_LEAKED': seen({final: [asked('after'), asked('missing', 'after')]}),
  'gap-named/PAGE_LOST': seen(when('away', {status: 502, text: '{}'})),
  'gap-named/GAP_UNSAID': seen(first(1, 'away', {text: textOf('missing').replace('"names"', '')})),
};

describe("p1-05's judges", () => {
  it('pass two calls a page, whose names are those of now, or named as missing', () => {
    expect(refusals(lab, seen())).toEqual([]);
  });

  it('have a code for each mistake, and no other', () => {
    expect(Object.keys(REFUSED_WITH)).toEqual(codesOf(lab));
    for (const [code, run] of Object.entries(REFUSED_WITH)) expect(refusals(lab, run)).toEqual([code]);
  });

  it('let a page take three slow hops and a little, and one in twenty take longer', () => {
    const late = {latencyMs: BOUND_MS + 1};
    expect(refusals(lab, seen(when('slow', {latencyMs: BOUND_MS})))).toEqual([]);
    expect(refusals(lab, seen(when('slow', late)))).toEqual(['hops-do-not-add-up/PAGE_ADDS_UP']);
    expect(refusals(lab, seen(first(1, 'slow', {latencyMs: 5_000})))).toEqual([]);
    expect(refusals(lab, seen(first(2, 'slow', late)))).toEqual(['hops-do-not-add-up/PAGE_ADDS_UP']);
  });

  it('have no more patience with slow hops where pages failed before', () => {
    const lost = {status: 500, latencyMs: 20};
    const run = seen({...when('slow', {...lost, text: ''}), baseline: lost});
    expect(refusals(lab, run)).toEqual(['hops-do-not-add-up/NO_PAGES (open)']);
  });

  it('let one page of many be wrong, which met a node that was just going', () => {
    expect(refusals(lab, seen(first(1, 'slow', {text: mixedUp})))).toEqual([]);
    expect(refusals(lab, seen(first(2, 'slow', {text: mixedUp})))).toEqual(['same-page/WRONG_PAGE']);
  });

  it('count calls that are made beside the pages', () => {
    const run = seen();
    // For nobody's sake.
    const beside = run.requests.slice(0, 2).map(({traceparent: _, ...request}) => request);
    expect(refusals(lab, {...run, requests: [...run.requests, ...beside]})).toEqual(['few-calls/TOO_MANY_CALLS']);
  });

  it('take names that are still known for names while identity is away', () => {
    expect(refusals(lab, seen(when('away', {text: textOf('after')})))).toEqual([]);
    expect(refusals(lab, seen(when('away', {text: textOf('before')})))).toEqual(['gap-named/GAP_UNSAID']);
  });

  it('name what is wrong with the pages at the end, which nobody had asked for before', () => {
    const last = (...final: Seen['final']['pages'][number][]) => refusals(lab, seen({final}));
    expect(last(asked('after', 'before'))).toEqual(['same-page/STALE_NAMES']);
    expect(last({...asked('after'), status: 0, text: 'timeout'})).toEqual(['same-page/WRONG_PAGE']);
    expect(last({...asked('after'), text: ''}, asked('missing', 'after'))).toEqual(['same-page/WRONG_PAGE']);
    // Whoever may see no names may be refused altogether.
    expect(last(asked('after'), {...asked('missing'), status: 403, text: '{}'})).toEqual([]);
  });

  it('leave open what was not asked', () => {
    const run = seen();
    expect(refusals(lab, {...run, final: {pages: []}})).toEqual(['same-page/NO_PAGES (open)']);
    expect(refusals(lab, {...run, baseline: [], attack: [], requests: []})).toEqual([
      'few-calls/NO_PAGES (open)',
      'hops-do-not-add-up/NO_PAGES (open)',
      'same-page/NO_PAGES (open)',
      'gap-named/NO_PAGES (open)',
    ]);
  });
});
