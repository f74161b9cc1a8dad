import {describe, expect, it} from 'vitest';
import {codesOf, refusals} from '../../src/labs/testing.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import lab from './lab.ts';

type Run = Parameters<(typeof lab.tasks)[number]['judge']>[0];
type Answer = Pick<LedgerEntry, 'outcome' | 'status'> & {readonly body?: string};

const FROM = 1_000_000;
/** Pages that are asked for while stream is paused, and as many while all is well: a share of 1 % is one of them. */
const PAGES = 100;
const WHOLE = {account: {id: 'ada'}, activity: {items: ['page.opened']}, windows: {windows: [1]}, missing: []};
const WITHOUT_STREAM = {...WHOLE, activity: null, windows: null, missing: ['activity', 'windows']};
const LATE: Answer = {outcome: 'info', status: null};
const REFUSED: Answer = {outcome: 'info', status: 503};

const answered = (page: object | null): Answer => ({outcome: 'ok', status: 200, body: JSON.stringify(page)});

/** A run in which the first pages of each kind are answered in another way than they should be. */
function seen({during = [], well = []}: {readonly during?: readonly Answer[]; readonly well?: readonly Answer[]}): Run {
  const pages = (atMs: number, count: number, normally: Answer, first: readonly Answer[] = []) =>
    Array.from({length: count}, (_, index): LedgerEntry => {
      const {body, ...answer} = first[index] ?? normally;
      const at = FROM + atMs + 40 * index;
      const send = {at, durationMs: 1, to: '', status: answer.status, ...(body === undefined ? {} : {body})};
      const common = {
        id: `page-${index}`,
        name: 'dashboard',
        phase: '',
        intendedAt: at,
        latencyMs: 1,
        uncorrectedMs: 1,
      };
      const operation = {request: {method: 'GET', path: '/v1/dashboard'}, patienceMs: 700} as const;
      return {...common, ...answer, sends: [send], operation};
    });
  return {
    setup: {account: 'ada', token: '', patienceMs: 700},
    baseline: pages(-3_000, PAGES / 2, answered(WHOLE), well),
    attack: pages(2_100, PAGES, answered(WITHOUT_STREAM), during),
    replay: pages(9_000, PAGES / 2, answered(WHOLE)),
    faults: [{kind: 'pause', appliedAt: FROM + 2_000, endedAt: FROM + 7_000}],
    times: {attackFrom: FROM},
    control: {busy: false},
  } as unknown as Run;
}

const times = (count: number, answer: Answer): readonly Answer[] => Array.from({length: count}, () => answer);
const NAMELESS = {account: null, activity: null, windows: null, missing: ['activity', 'windows']};

const REFUSED_WITH: Readonly<Record<string, Run>> = {
  'in-time/PAGE_TOO_LATE': seen({during: times(4, LATE)}),
  'in-time/PAGE_REFUSED': seen({during: times(4, REFUSED)}),
  'says-what-is-missing/NOT_NAMED': seen({during: [answered({...WITHOUT_STREAM, missing: []})]}),
  'says-what-is-missing/WORKING_PART_LOST': seen({during: [answered(NAMELESS)]}),
  'whole-when-healthy/PART_DROPPED': seen({well: times(4, answered(WITHOUT_STREAM))}),
};

describe("p0-00's judges", () => {
  it('pass pages in time that have what works and name what is missing', () => {
    expect(refusals(lab, seen({}))).toEqual([]);
  });

  it('have a code for each mistake, and no other', () => {
    expect(Object.keys(REFUSED_WITH)).toEqual(codesOf(lab));
    for (const [code, run] of Object.entries(REFUSED_WITH)) expect(refusals(lab, run)).toEqual([code]);
  });

  it('let 3 % of the pages be late, or lack a part while all is well', () => {
    expect(refusals(lab, seen({during: times(3, LATE)}))).toEqual([]);
    expect(refusals(lab, seen({well: times(3, answered(WITHOUT_STREAM))}))).toEqual([]);
  });

  it('call pages refused once more of them were refused than late', () => {
    const both = (refused: number, late: number) => seen({during: [...times(refused, REFUSED), ...times(late, LATE)]});
    expect(refusals(lab, both(5, 5))).toEqual(['in-time/PAGE_TOO_LATE']);
    expect(refusals(lab, both(6, 5))).toEqual(['in-time/PAGE_REFUSED']);
  });

  it.each<[string, object | null]>([
    ['names what it has', {...WITHOUT_STREAM, missing: ['account', 'activity', 'windows']}],
    ['names one part of two', {...WITHOUT_STREAM, missing: ['windows']}],
    ['has no list of what is missing', {...WITHOUT_STREAM, missing: undefined}],
    ['names what is there, though empty', {...WITHOUT_STREAM, activity: {items: []}, windows: {items: []}}],
    ['has something empty instead of what is missing', {...WHOLE, activity: {items: []}, windows: {items: []}}],
  ])('fail a page that %s', (_, page) => {
    expect(refusals(lab, seen({during: [answered(page)]}))).toEqual(['says-what-is-missing/NOT_NAMED']);
  });

  it('take what a page had shown before for what it was', () => {
    expect(refusals(lab, seen({during: [answered(WHOLE)]}))).toEqual([]);
  });

  it('fail a page without the account, named or not, and one that is nothing', () => {
    const lost = ['says-what-is-missing/WORKING_PART_LOST'];
    const named = {...WITHOUT_STREAM, account: null, missing: ['account', 'activity', 'windows']};
    expect(refusals(lab, seen({during: [answered(named)]}))).toEqual(lost);
    expect(refusals(lab, seen({during: [answered({missing: []})]}))).toEqual(lost);
    expect(refusals(lab, seen({during: [answered(null)]}))).toEqual(lost);
    expect(refusals(lab, seen({during: [{outcome: 'ok', status: 200, body: '{"acc'}]}))).toEqual(lost);
  });

  it('leave open what nobody asked, or nobody answered', () => {
    expect(refusals(lab, seen({during: times(PAGES, LATE)}))).toEqual([
      'in-time/PAGE_TOO_LATE',
      'says-what-is-missing/NOTHING_ANSWERED (open)',
    ]);
    expect(refusals(lab, {...seen({}), baseline: [], attack: [], replay: []})).toEqual([
      'in-time/NOTHING_ASKED (open)',
      'says-what-is-missing/NOTHING_ANSWERED (open)',
      'whole-when-healthy/NOTHING_ANSWERED (open)',
    ]);
  });
});
