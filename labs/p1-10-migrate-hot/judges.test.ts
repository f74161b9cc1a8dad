import {describe, expect, it} from 'vitest';
import {ledgerEntry} from '../../src/checkers/checkers.fixture.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Run} from './evidence.ts';
import {judgeBatches, judgeBoth, judgeDone, judgeErrors, judgeReports, judgeWaits} from './judges.ts';
import type {Look, Report} from './watch.ts';

const FROM = 1_000_000;
const HOT = 40;
const REPORT_END_MS = 6_300;
/** The change is asked for back. */
const DOWN_MS = 11_000;

function read(index: number, change: Partial<LedgerEntry> = {}): LedgerEntry {
  const at = FROM + 30 * index;
  const body = JSON.stringify({eventsPerSecond: 7});
  return ledgerEntry(at, {
    ...{id: `read-cold-${index}`, name: 'read-cold', status: 200},
    sends: [{at, durationMs: 10, to: '', status: 200, body}],
    operation: {request: {method: 'GET', path: '/v1/quotas/c1'}, patienceMs: 5_000, facts: {account: 'c1', quota: 7}},
    ...change,
  });
}

function report(fromMs: number, toMs: number, error: string | null = null): Report {
  return {startedAt: FROM + fromMs, endedAt: error === null ? FROM + toMs : null, error};
}

function look(atMs: number, change: Partial<Look> = {}): Look {
  return {at: FROM + atMs, hasColumn: true, differing: 0, empty: 0, largestBatch: 500, ...change};
}

const BARE = {hasColumn: false, differing: null, empty: null, largestBatch: null};
const READS = Array.from({length: 200}, (_, index) => read(index));
const REPORTS = [report(300, REPORT_END_MS), report(10_500, 13_000)];
const LOOKS = [look(500, BARE), look(7_000), look(9_000), look(13_500, BARE)];

interface Change {
  readonly entries?: readonly LedgerEntry[];
  readonly reports?: readonly Report[];
  readonly looks?: readonly Look[];
  readonly leftovers?: readonly string[];
  readonly isOn?: boolean;
  readonly busy?: boolean;
}

/** A change that was made, filled and taken back while everybody was answered. */
function run({
  entries = READS,
  reports = REPORTS,
  looks = LOOKS,
  leftovers = [],
  isOn = false,
  busy = false,
}: Change = {}) {
  const down = ledgerEntry(FROM + DOWN_MS, {id: 'down-0', name: 'down', status: 202});
  return {
    attack: [...entries, down],
    setup: {watch: {reports, looks, isOn}, hot: Array(HOT).fill('h')},
    final: {leftovers},
    times: {attackFrom: FROM, attackTo: FROM + 16_000},
    control: {busy},
  } as unknown as Run;
}

const ALL = {judgeWaits, judgeErrors, judgeReports, judgeDone, judgeBoth, judgeBatches};

describe("p1-10's judges", () => {
  it.each(Object.entries(ALL))(
    '%s passes a change that is sound, and never a run in which nothing was seen',
    (_, judge) => {
      expect(judge(run())).toMatchObject({verdict: 'pass'});
      expect(judge(run({entries: [], reports: [], looks: []}))).toMatchObject({verdict: 'inconclusive'});
    },
  );

  it('let nobody wait longer than a second, and forget nobody who got no answer', () => {
    const slowest = (change: Partial<LedgerEntry>) => judgeWaits(run({entries: [...READS, read(200, change)]}));
    expect(slowest({latencyMs: 1_000}).verdict).toBe('pass');
    expect(slowest({latencyMs: 1_000.1})).toMatchObject({
      code: 'WAITED_TOO_LONG',
      observed: 'the longest wait was 1001 ms',
    });
    expect(slowest({latencyMs: 3_000, status: 503, outcome: 'info'}).code).toBe('WAITED_TOO_LONG');
    expect(slowest({latencyMs: 0, status: null, outcome: 'dropped', sends: []}).code).toBe('WAITED_TOO_LONG');
    expect(slowest({latencyMs: 20, status: 500, outcome: 'info'}).verdict).toBe('pass');
  });

  it('let no request fail, unless the machine was busy', () => {
    const entries = [...READS, read(200, {outcome: 'info', status: 500})];
    expect(judgeErrors(run({entries})).code).toBe('FAILED_REQUESTS');
    expect(judgeErrors(run({entries, busy: true})).code).toBe('BUSY_MACHINE');
    const most = READS.map((entry, index) => (index < 110 ? {...entry, outcome: 'info' as const, status: 500} : entry));
    expect(judgeErrors(run({entries: most, busy: true})).code).toBe('FAILED_REQUESTS');
  });

  it('want both reports to run to their end', () => {
    const [first, second] = REPORTS as [Report, Report];
    expect(judgeReports(run({reports: [report(300, 0, 'terminated'), second]})).code).toBe('REPORT_KILLED');
    expect(judgeReports(run({reports: [first]})).code).toBe('NO_REPORT');
    expect(judgeReports(run({reports: [first, {...second, endedAt: null}]})).code).toBe('NO_REPORT');
  });

  it('want the change done four seconds after the report', () => {
    const doneAt = (atMs: number) => judgeDone(run({looks: [look(500, BARE), look(atMs)]}));
    expect(doneAt(REPORT_END_MS + 4_000).verdict).toBe('pass');
    expect(doneAt(REPORT_END_MS + 4_001).code).toBe('NOT_DONE');
    expect(doneAt(DOWN_MS).code).toBe('NOT_DONE');
    expect(judgeDone(run({looks: [look(9_000, BARE)]})).code).toBe('NOT_DONE');
    expect(judgeDone(run({looks: [look(9_000, {differing: 1, empty: 1})]})).code).toBe('NOT_DONE');
    expect(judgeDone(run({looks: [look(9_000, BARE)], isOn: true}))).toMatchObject({verdict: 'inconclusive'});
  });

  it('want nothing of it left once it is taken back', () => {
    const leftovers = ['the function quotas_per_minute'];
    expect(judgeDone(run({leftovers}))).toMatchObject({
      code: 'NOT_TAKEN_BACK',
      observed: 'the function quotas_per_minute is still there at the end',
    });
    expect(judgeDone(run({leftovers, looks: [look(9_000, BARE)]})).code).toBe('NOT_DONE');
  });

  it('want reads right, and enough of them', () => {
    const body = JSON.stringify({eventsPerSecond: 8});
    const wrong = read(200, {sends: [{at: FROM + 6_000, durationMs: 10, to: '', status: 200, body}]});
    expect(judgeBoth(run({entries: [...READS, wrong]})).code).toBe('WRONG_READ');
    expect(judgeBoth(run({entries: READS.slice(1)})).code).toBe('NOTHING_READ');
  });

  it('want the columns to agree once they are filled, and tell rows that differ from rows that nobody has filled', () => {
    const after = (change: Partial<Look>) => run({looks: [look(500, BARE), look(7_000), look(9_000, change)]});
    expect(judgeBoth(after({differing: 1})).code).toBe('COLUMNS_DIFFER');
    const never = (differing: number, empty: number) =>
      run({looks: [look(500, BARE), ...[7_000, 9_000].map(at => look(at, {differing, empty}))]});
    const coded = (evidence: Run) => [judgeDone(evidence).code, judgeBoth(evidence).code];
    expect(coded(never(HOT, 0))).toEqual([null, 'COLUMNS_DIFFER']);
    expect(coded(never(HOT + 1, 0))).toEqual(['NOT_DONE', 'NOT_FILLED']);
    expect(coded(never(1, 1))).toEqual(['NOT_DONE', 'NOT_FILLED']);
  });

  it('let no transaction write more than a thousand rows', () => {
    const filled = (largestBatch: number) => judgeBatches(run({looks: [look(7_000, {largestBatch})]}));
    expect(filled(1_000).verdict).toBe('pass');
    expect(filled(1_001).code).toBe('NOT_BATCHED');
    const unfilled = (largestBatch: number) =>
      judgeBatches(run({looks: [look(7_000, {differing: 9_000, empty: 9_000, largestBatch})]}));
    expect(unfilled(11_000).code).toBe('NOT_BATCHED');
    expect(unfilled(500)).toMatchObject({verdict: 'inconclusive', code: 'NOT_FILLED'});
  });
});
