import {describe, expect, it} from 'vitest';
import {ledgerEntry} from '../../src/checkers/checkers.fixture.ts';
import type {Incident, Stage} from './clients.ts';
import type {Final, Run} from './evidence.ts';
import {judgeGoingBack, judgeNewClients, judgeOldClients, judgeRemoval, judgeRoundTrips} from './judges.ts';

const FORWARD: Stage = {name: 'own-1 add, own-2 today', goingBack: false};
const BACK: Stage = {name: 'own-1 today, own-2 today', goingBack: true};

/** A rollout that came to its end, in which nobody was told anything wrong. */
const SOUND: Final = {
  incidents: [],
  failures: [],
  rounds: {old: 12, new: 12},
  stages: Array.from({length: 11}, (_, index) => `stage ${index}`),
  today: {columns: ['city', 'fullname', 'id'], newApi: 404},
  recorded: [],
  columns: ['city', 'display_name', 'id', 'pronouns'],
};

function run(change: Partial<Final> = {}, attack: Run['attack'] = [ledgerEntry(0)]): Run {
  const calm = {times: {attackFrom: 0}, events: [], control: {busy: false}};
  return {final: {...SOUND, ...change}, attack, ...calm} as unknown as Run;
}

function incident(change: Partial<Incident>): Partial<Final> {
  return {incidents: [{client: 'old', stage: FORWARD, kind: 'error', what: 'GET was answered 500', ...change}]};
}

const ALL = {judgeOldClients, judgeNewClients, judgeRoundTrips, judgeGoingBack, judgeRemoval};
const CLIENTS = [
  {client: 'old', judge: judgeOldClients, code: 'OLD_CLIENT_BREAKS'},
  {client: 'new', judge: judgeNewClients, code: 'NEW_CLIENT_BREAKS'},
] as const;

describe("p1-04's judges", () => {
  it.each(Object.entries(ALL))('%s passes a rollout that holds, and never one that did not happen', (_, judge) => {
    expect(judge(run())).toMatchObject({verdict: 'pass'});
    const nothing = {rounds: {old: 0, new: 0}, stages: [], today: {...SOUND.today, newApi: null}};
    expect(judge(run(nothing, []))).toMatchObject({verdict: 'inconclusive', code: 'NOTHING_TO_JUDGE'});
  });

  it.each(CLIENTS)('give $client clients no error on the way forward', ({client, judge, code}) => {
    expect(judge(run(incident({client}))).code).toBe(code);
    expect(judge(run(incident({client: client === 'old' ? 'new' : 'old'}))).verdict).toBe('pass');
    expect(judge(run(incident({client, stage: BACK}))).verdict).toBe('pass');
    expect(judge(run({rounds: {...SOUND.rounds, [client]: 11}}))).toMatchObject({verdict: 'inconclusive'});
  });

  it('count what was refused to those who only read', () => {
    const refused = ledgerEntry(0, {outcome: 'fail', status: 404});
    expect(judgeOldClients(run({}, [refused])).code).toBe('OLD_CLIENT_BREAKS');
    expect(judgeNewClients(run({}, [refused])).verdict).toBe('pass');
  });

  it.each(CLIENTS)(
    'say to $client clients that a release did not start, however little came of it',
    ({client, judge, code}) => {
      const failures = [{stage: FORWARD, reason: 'own-1 ended again and again'}];
      const early = {failures, rounds: {old: 3, new: 0}, stages: ['today', FORWARD.name]};
      expect(judge(run(early)).code).toBe('DOES_NOT_START');
      expect(judge(run({...early, ...incident({client})})).code).toBe('DOES_NOT_START');
      const before = {...FORWARD, name: 'today'};
      expect(judge(run({...early, ...incident({client, stage: before})})).code).toBe(code);
      for (const other of [judgeGoingBack, judgeRemoval])
        expect(other(run(early))).toMatchObject({verdict: 'inconclusive', code: 'NOTHING_TO_JUDGE'});
    },
  );

  it('leave a release open that is only late on a busy machine', () => {
    const late = run({failures: [{stage: FORWARD, reason: 'own-1 was not ready after 10000 ms'}]});
    const on = (busy: boolean, ...types: Run['events'][number]['type'][]): Run => ({
      ...late,
      control: {...late.control, busy},
      events: types.map(type => ({at: 1, node: 'own-1', type, detail: ''})),
    });
    expect(judgeOldClients(on(true, 'exited', 'started'))).toMatchObject({
      code: 'BUSY_MACHINE',
      verdict: 'inconclusive',
    });
    expect(judgeOldClients(on(true, 'unresponsive', 'restarting')).code).toBe('BUSY_MACHINE');
    expect(judgeOldClients(on(true, 'exited', 'restarting')).code).toBe('DOES_NOT_START');
    expect(judgeOldClients(on(true, 'seam-error')).code).toBe('DOES_NOT_START');
    expect(judgeOldClients(on(false, 'exited', 'started')).code).toBe('DOES_NOT_START');
  });

  it('want fields and names back as they were written', () => {
    expect(judgeRoundTrips(run(incident({kind: 'field'}))).code).toBe('FIELD_LOST');
    expect(judgeRoundTrips(run(incident({kind: 'field', stage: BACK}))).code).toBe('FIELD_LOST');
    expect(judgeRoundTrips(run(incident({kind: 'name'}))).code).toBe('NAME_DIFFERS');
    expect(judgeRoundTrips(run(incident({kind: 'name', stage: BACK}))).verdict).toBe('pass');
    expect(judgeRoundTrips(run({rounds: {old: 12, new: 11}}))).toMatchObject({verdict: 'inconclusive'});
  });

  it('want the release before to work, and to be what it was', () => {
    for (const kind of ['error', 'name'] as const)
      expect(judgeGoingBack(run(incident({kind, stage: BACK}))).code).toBe('ROLLBACK_BREAKS');
    const today = (change: Partial<Final['today']>) => judgeGoingBack(run({today: {...SOUND.today, ...change}}));
    expect(today({columns: [...SOUND.today.columns, 'pronouns']}).code).toBe('TODAY_CHANGED');
    for (const newApi of [201, 400, 500]) expect(today({newApi}).code).toBe('TODAY_CHANGED');
    for (const newApi of [502, 503, 504, null]) expect(today({newApi})).toMatchObject({verdict: 'inconclusive'});
    expect(judgeGoingBack(run({stages: SOUND.stages.slice(1)}))).toMatchObject({verdict: 'inconclusive'});
  });

  it('want the old name gone once the last release is everywhere', () => {
    expect(judgeRemoval(run({columns: [...SOUND.columns, 'fullname']})).code).toBe('OLD_NAME_LEFT');
    expect(judgeRemoval(run({columns: []})).code).toBe('OLD_NAME_LEFT');
    const early = {columns: [...SOUND.columns, 'fullname'], stages: SOUND.stages.slice(1)};
    expect(judgeRemoval(run(early))).toMatchObject({verdict: 'inconclusive'});
  });
});
