import {describe, expect, it} from 'vitest';
import {ledgerEntry} from '../../src/checkers/checkers.fixture.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Final, Run} from './evidence.ts';
import {judgeEqual, judgeGrants, judgeSessions, judgeUnbroken} from './judges.ts';

const NAMES = {ada: 'Ada', bob: 'Bob'};
const PAGE = ledgerEntry(1, {name: 'page'});
const RENAME = ledgerEntry(2, {name: 'rename'});
const NO_ANSWER = {outcome: 'info', status: 503} as const;

interface Change {
  readonly attack?: readonly LedgerEntry[];
  readonly sessions?: readonly number[];
  readonly migrations?: readonly number[];
  readonly final?: Partial<Final>;
  readonly recoveredAt?: number | null;
  readonly busy?: boolean;
}

/** Names that are equal, no sessions, and an identity that changed its table twice while everybody was answered. */
function run({
  attack = [PAGE, RENAME],
  sessions = Array(10).fill(0),
  migrations = [1, 2],
  ...change
}: Change = {}): Run {
  const {final, recoveredAt = 900, busy = false} = change;
  return {
    attack,
    setup: {watch: {sessions: sessions.map((count, at) => ({at, count})), migrations}},
    final: {source: NAMES, copies: [NAMES, NAMES], readable: [], ...final},
    times: {attackFrom: 0, healedAt: 500, recoveredAt},
    control: {busy},
  } as unknown as Run;
}

describe("p1-09's judges", () => {
  it.each(Object.entries({judgeGrants, judgeSessions, judgeUnbroken, judgeEqual}))(
    '%s passes a run that is sound',
    (_, judge) => expect(judge(run())).toMatchObject({verdict: 'pass'}),
  );

  it('pass nothing of which nothing was seen', () => {
    const nothing = run({attack: [], sessions: [], migrations: [], final: {source: {}, copies: []}});
    expect([judgeSessions, judgeUnbroken, judgeEqual].map(judge => judge(nothing))).toMatchObject([
      {verdict: 'inconclusive', code: 'NOT_SEEN'},
      {verdict: 'inconclusive', code: 'NOT_MIGRATED'},
      {verdict: 'inconclusive', code: 'NOTHING_RENAMED'},
    ]);
    for (const attack of [[], [PAGE], [RENAME]]) expect(judgeUnbroken(run({attack})).code).toBe('NOTHING_ASKED');
    for (const copies of [[], [{}, {}]]) expect(judgeEqual(run({final: {copies}})).code).toBe('NOT_SEEN');
  });

  it('let stream read nothing of identity', () => {
    expect(judgeGrants(run({final: {readable: ['the table accounts']}})).code).toBe('READS_FOREIGN_TABLES');
  });

  it('let stream have no session at any look, of ten at least', () => {
    expect(judgeSessions(run({sessions: [...Array(9).fill(0), 1]})).code).toBe('OPENS_SESSIONS');
    expect(judgeSessions(run({sessions: Array(9).fill(0)}))).toMatchObject({verdict: 'inconclusive'});
  });

  it('tell whom the migration broke: pages of stream, or identity itself', () => {
    const [page, rename] = [PAGE, RENAME].map(entry => ({...entry, ...NO_ANSWER})) as [LedgerEntry, LedgerEntry];
    expect(judgeUnbroken(run({attack: [page, RENAME]})).code).toBe('BROKEN_BY_MIGRATION');
    expect(judgeUnbroken(run({attack: [PAGE, rename]})).code).toBe('IDENTITY_BROKEN');
    expect(judgeUnbroken(run({attack: [page, rename]})).code).toBe('BROKEN_BY_MIGRATION');
    const once = run({attack: [page, rename], migrations: [1]});
    expect(judgeUnbroken(once)).toMatchObject({verdict: 'inconclusive', code: 'NOT_MIGRATED'});
  });

  it('leave open what a busy machine may have delayed, and no error of a service', () => {
    const judge = (failed: LedgerEntry) => judgeUnbroken(run({attack: [PAGE, RENAME, failed], busy: true})).code;
    expect(judge({...PAGE, ...NO_ANSWER})).toBe('BUSY_MACHINE');
    expect(judge({...RENAME, ...NO_ANSWER})).toBe('BUSY_MACHINE');
    expect(judge({...PAGE, outcome: 'info', status: 500})).toBe('BROKEN_BY_MIGRATION');
  });

  it('want all names, as they are now, on whichever replica, and in time', () => {
    const second = (copy: Readonly<Record<string, string | null>>) => judgeEqual(run({final: {copies: [NAMES, copy]}}));
    expect(second({...NAMES, bob: null}).code).toBe('NAMES_MISSING');
    expect(second({...NAMES, bob: 'Rob'}).code).toBe('NAMES_OLD');
    expect(judgeEqual(run({recoveredAt: null})).code).toBe('NAMES_OLD');
  });
});
