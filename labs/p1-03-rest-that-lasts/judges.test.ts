import {describe, expect, it} from 'vitest';
import {ledgerEntry} from '../../src/checkers/checkers.fixture.ts';
import type {LedgerEntry, Send} from '../../src/load/load.ts';
import type {Run} from './evidence.ts';
import {
  judgeEqualPayloads,
  judgeOtherPayload,
  judgeOwners,
  judgeProblems,
  judgeRows,
  judgeSameAnswer,
} from './judges.ts';

/** An answer that came so long after the operation began, to a request that took 10 ms. */
function sent(at: number, status: number | null, body = ''): Send {
  return {at, durationMs: 10, to: '', status, body};
}

function created(at: number, id: string): Send {
  return sent(at, 201, JSON.stringify({id}));
}

function refused(at: number, status: number, contentType = 'application/problem+json'): Send {
  return {...sent(at, status, JSON.stringify({type: 'about:blank', title: 'No', status})), contentType};
}

/** One client's operation on the account `name`; `key` is the client's and its idempotency key. */
function operation(name: string, sends: readonly Send[], facts: {readonly name: string; readonly key?: string}) {
  const {status = null} = sends.find(send => send.status === 201) ?? sends.at(-1) ?? {};
  const headers = {'x-client-id': 'a client', 'idempotency-key': facts.key ?? facts.name};
  const outcome = status === 201 ? 'ok' : status !== null && status < 500 ? 'fail' : 'info';
  return ledgerEntry(sends[0]?.at ?? 0, {
    ...{id: `${name}-${facts.name}`, name, status, outcome, sends},
    operation: {request: {method: 'POST', path: '/v1/accounts', headers}, patienceMs: 6_000, facts: {name: facts.name}},
  });
}

/** Each kind of operation once, answered as it should be. */
const SOUND = {
  pair: operation('pair', [created(0, '1'), sent(5, 409)], {name: 'ada'}),
  repeated: operation('repeated', [sent(0, 502), created(130, '2'), created(500, '2')], {name: 'bob'}),
  once: operation('once', [created(0, '3')], {name: 'cay'}),
  twinA: operation('twin', [created(0, '4')], {name: 'dee', key: 'a'}),
  twinB: operation('twin', [created(9, '5')], {name: 'dee', key: 'b'}),
  stranger: operation('stranger', [created(900, '6')], {name: 'eve', key: 'ada of another'}),
  other: operation('other-payload', [refused(900, 422)], {name: 'fay', key: 'ada'}),
  bad: operation('bad', [refused(0, 400)], {name: ''}),
};
const ROWS = {ada: ['1'], bob: ['2'], cay: ['3'], dee: ['4', '5'], eve: ['6']};

function run(change: Partial<Record<keyof typeof SOUND, LedgerEntry>> = {}, rows: Partial<typeof ROWS> = {}): Run {
  return {attack: Object.values({...SOUND, ...change}), final: {rows: {...ROWS, ...rows}}} as unknown as Run;
}

const ALL = {judgeRows, judgeSameAnswer, judgeOtherPayload, judgeOwners, judgeEqualPayloads, judgeProblems};

describe("p1-03's judges", () => {
  it.each(Object.entries(ALL))('%s passes a run that is sound, and never one without answers', (_, judge) => {
    expect(judge(run())).toMatchObject({verdict: 'pass'});
    const silent = Object.values(SOUND).map(entry => ({
      ...entry,
      ...{status: null, outcome: 'info' as const, sends: entry.sends.map(send => ({...send, status: null}))},
    }));
    const nothing: Run = {...run(), attack: []};
    for (const evidence of [nothing, {...nothing, attack: silent}, {...nothing, final: {rows: {}}}])
      expect(judge(evidence)).toMatchObject({verdict: 'inconclusive', code: 'NOTHING_TO_JUDGE'});
  });

  it('want one row per operation, and two for two of one name', () => {
    expect(judgeRows(run({}, {ada: ['1', '7']})).code).toBe('DUPLICATE_ROWS');
    expect(judgeRows(run({}, {dee: ['4', '5', '7']})).code).toBe('DUPLICATE_ROWS');
    expect(judgeRows(run({}, {cay: []})).code).toBe('LOST_ROWS');
    const unknown = operation('once', [sent(0, 502)], {name: 'cay'});
    expect(judgeRows(run({once: unknown}, {cay: []})).verdict).toBe('pass');
  });

  it('find no row of its own where somebody was given the account of another', () => {
    expect(judgeRows(run({}, {eve: []})).code).toBe('LOST_ROWS');
    expect(judgeOwners(run({}, {eve: []})).code).toBe('KEYS_SHARED');
    expect(judgeOwners(run({stranger: operation('stranger', [sent(900, 422)], {name: 'eve'})})).code).toBe(
      'KEYS_SHARED',
    );
  });

  it('want the first answer again, and take no error for it', () => {
    const pair = (...sends: Send[]) => run({pair: operation('pair', sends, {name: 'ada'})});
    expect(judgeSameAnswer(pair(created(0, '1'), created(5, '7'))).code).toBe('DIFFERENT_ANSWER');
    expect(judgeSameAnswer(pair(created(0, '1'), sent(5, 500))).code).toBe('ERROR_INSTEAD');
    expect(judgeSameAnswer(pair(sent(0, 500), created(130, '1'))).code).toBe('ERROR_INSTEAD');
    expect(judgeSameAnswer(pair(created(0, '1'), sent(5, 503), created(130, '1'))).verdict).toBe('pass');
  });

  it.each([409, 422])('take a refusal with %i for another answer once the first is there, and not before', status => {
    const repeated = (...sends: Send[]) =>
      judgeSameAnswer(run({repeated: operation('repeated', sends, {name: 'bob'})}));
    expect(repeated(created(0, '2'), sent(11, status)).code).toBe('DIFFERENT_ANSWER');
    expect(repeated(created(0, '2'), sent(10, status)).verdict).toBe('pass');
    expect(repeated(sent(0, 502), sent(130, status), created(260, '2')).verdict).toBe('pass');
    // Of the first one nobody knows whether it is still worked on.
    expect(repeated(sent(0, 504), created(20, '2'), sent(500, status)).verdict).toBe('pass');
    expect(repeated(sent(0, 502), created(20, '2'), sent(500, status)).code).toBe('DIFFERENT_ANSWER');
  });

  it('want another payload refused with 422, where its key was acknowledged before', () => {
    const other = (send: Send) => run({other: operation('other-payload', [send], {name: 'fay', key: 'ada'})});
    expect(judgeOtherPayload(other(created(900, '1'))).code).toBe('OTHER_PAYLOAD_ACCEPTED');
    expect(judgeOtherPayload(other(refused(900, 409))).code).toBe('OTHER_PAYLOAD_ACCEPTED');
    expect(judgeOtherPayload(other(created(9, '1')))).toMatchObject({verdict: 'inconclusive'});
    expect(judgeOtherPayload(other(sent(900, 500)))).toMatchObject({
      verdict: 'inconclusive',
      observed: 'none of 1 was answered, but with an error',
    });
  });

  it('tell two of one name apart, also where the second is refused', () => {
    const second = (send: Send) => run({twinB: operation('twin', [send], {name: 'dee', key: 'b'})}, {dee: ['4']});
    expect(judgeEqualPayloads(second(created(9, '4'))).code).toBe('PAYLOADS_MERGED');
    expect(judgeEqualPayloads(second(sent(9, 409))).code).toBe('PAYLOADS_MERGED');
    expect(judgeEqualPayloads(second(sent(9, 502)))).toMatchObject({verdict: 'inconclusive'});
    expect(judgeEqualPayloads(second(sent(9, 429)))).toMatchObject({verdict: 'inconclusive'});
  });

  it('want a problem of the 400s for what is bad, from the service and from the module', () => {
    const bad = (...sends: Send[]) => judgeProblems(run({bad: operation('bad', sends, {name: ''})}));
    expect(bad(refused(0, 400, 'text/html')).code).toBe('NOT_A_PROBLEM');
    expect(bad({...refused(0, 400), body: '{"status":400}'}).code).toBe('NOT_A_PROBLEM');
    expect(bad({...refused(0, 400), status: 404}).code).toBe('NOT_A_PROBLEM');
    expect(bad(created(0, '9')).code).toBe('NOT_A_PROBLEM');
    expect(bad(refused(0, 500)).code).toBe('NOT_A_PROBLEM');
    expect(bad(refused(0, 502)).verdict).toBe('pass');
    const thrown = operation('other-payload', [refused(900, 500)], {name: 'fay', key: 'ada'});
    expect(judgeProblems(run({other: thrown})).code).toBe('NOT_A_PROBLEM');
    const accepted = operation('other-payload', [created(900, '1')], {name: 'fay', key: 'ada'});
    expect(judgeProblems(run({other: accepted})).verdict).toBe('pass');
  });
});
