import {expect, it} from 'vitest';
import type {LedgerEntry} from '../../src/load/load.ts';
import type {Final, Run} from './evidence.ts';
import {judgeBacklog, judgeExtra, judgeMissing, judgeTwice} from './judges.ts';

const ACCOUNTS = ['a', 'b', 'c', 'd'];
const JUDGES = [judgeMissing, judgeExtra, judgeTwice, judgeBacklog];

function registered(account: string, change: Partial<LedgerEntry> = {}): LedgerEntry {
  const send = {at: 0, durationMs: 1, to: '', status: 201, body: JSON.stringify({id: account, name: account})};
  const answer = {id: `attack-${account}`, outcome: 'ok', status: 201, latencyMs: 30, intendedAt: 1_000};
  return {...answer, sends: [send], ...change} as unknown as LedgerEntry;
}

/** Four accounts of which stream has heard; the client of the last one got no answer. */
function run(change: Partial<Final> = {}, recoveredAt: number | null = 21_000): Run {
  const unanswered = {outcome: 'info', status: null, sends: [{at: 0, durationMs: 1, to: '', status: null}]} as const;
  return {
    attack: ACCOUNTS.map(account => registered(account, account === 'd' ? unanswered : {})),
    final: {committed: ACCOUNTS, effects: {a: 1, b: 1, c: 1, d: 1}, lag: 0, ...change},
    events: [{at: 1_000, node: 'identity-1', type: 'crash-point', detail: ''}],
    times: {attackFrom: 0, healedAt: 20_000, recoveredAt},
  } as unknown as Run;
}

it('passes a run in which every account has its event, and none that nobody heard of', () => {
  expect(JUDGES.map(judge => judge(run()).verdict)).toEqual(JUDGES.map(() => 'pass'));
  const silence = {...run({committed: [], effects: {}}), attack: []};
  expect(JUDGES.map(judge => judge(silence).verdict)).toEqual(JUDGES.map(() => 'inconclusive'));
  const unheard = run({effects: {}});
  expect([judgeMissing, judgeExtra, judgeTwice].map(judge => judge(unheard).code)).toEqual([
    'MISSING_EVENTS',
    'NOTHING_TO_JUDGE',
    'NOTHING_TO_JUDGE',
  ]);
});

it('misses the event of an account, whether or not its client was answered', () => {
  const answered = judgeMissing(run({effects: {a: 1, c: 1, d: 1}}));
  expect(answered).toMatchObject({
    code: 'MISSING_EVENTS',
    evidence: [
      'op attack-b at +1.00 s: answered 201, row committed, no event',
      'identity was killed 1 times: at +1.00 s',
      expect.stringMatching(/^identity-db: 4 accounts; stream-db: 3 registrations/),
    ],
  });
  const unanswered = judgeMissing(run({effects: {a: 1, b: 1, c: 1}}));
  expect(unanswered).toMatchObject({code: 'MISSING_EVENTS', observed: '1 of 4 committed accounts have no event'});
});

it('tells an account that was acknowledged and not stored from one without an event', () => {
  const rolledBack = run({committed: ['a', 'c', 'd'], effects: {a: 1, c: 1, d: 1}});
  expect(judgeMissing(rolledBack)).toMatchObject({
    code: 'ACKNOWLEDGED_NOT_STORED',
    observed: '1 of 3 acknowledged accounts are not in identity-db',
  });
  // Nobody was promised the one whose client got no answer.
  expect(judgeMissing(run({committed: ['a', 'b', 'c'], effects: {a: 1, b: 1, c: 1}})).verdict).toBe('pass');
  const noneStored = run({committed: [], effects: {}});
  expect(judgeMissing(noneStored).code).toBe('ACKNOWLEDGED_NOT_STORED');
});

it('refuses events of accounts that are not there, and more than one of an account', () => {
  const phantom = run({committed: ['a', 'b', 'c']});
  expect(JUDGES.map(judge => judge(phantom).code)).toEqual([null, 'PHANTOM_EVENTS', null, null]);
  const twice = run({effects: {a: 1, b: 2, c: 1, d: 1}});
  expect(JUDGES.map(judge => judge(twice).code)).toEqual([null, null, 'EFFECT_TWICE', null]);
});

it('wants the backlog empty in time', () => {
  expect(judgeBacklog(run({effects: {a: 1, b: 1, c: 1}, lag: 2}, null))).toMatchObject({
    code: 'BACKLOG_LEFT',
    observed: 'after 10 s 1 events had not arrived and 2 messages were not worked off',
  });
});
