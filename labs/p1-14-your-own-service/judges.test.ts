import {describe, expect, it} from 'vitest';
import type {Evidence} from '../../src/labs/lab.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {CONTRACT} from './contract.ts';
import {judgeDescription, judgeInput} from './judges.ts';
import type {Final, Setup} from './lab.ts';

type Seen = Evidence<Setup, Final>;

const ITEM = {id: 'a', name: 'b', quantity: 1};
const ANSWERS = answersTo('put') as Readonly<Record<number, object>>;
const problemOf = (status: number): string => JSON.stringify({type: 'about:blank', title: 'A problem', status});

/** A request that was made from the contract, and what came back. */
function answered(
  operation: string,
  status: number | null,
  change: Readonly<Record<string, unknown>> = {},
): LedgerEntry {
  const [method, expectation] = operation === 'add' ? ['POST', 'served'] : ['PUT', 'refused'];
  const {expect: wanted = expectation, ...answer} = change;
  const isOk = status !== null && status < 400;
  const send = {
    body: isOk ? JSON.stringify(ITEM) : problemOf(status ?? 0),
    contentType: isOk ? 'application/json' : 'application/problem+json',
    ...answer,
  };
  return {
    id: operation,
    name: 'fuzz',
    status,
    sends: [send],
    operation: {request: {method, path: '/v1/items'}, facts: {operation, expect: wanted}},
  } as unknown as LedgerEntry;
}

const REFUSED = Array.from({length: 100}, () => answered('change', 412));

function fuzzed(more: readonly LedgerEntry[] = [], document: unknown = CONTRACT, attack = REFUSED): Seen {
  return {attack: [...attack, ...more], final: {document}, control: {busy: false}} as unknown as Seen;
}

describe("p1-14's judge of the description", () => {
  it('passes a document of the contract whose answers are as it says', () => {
    expect(judgeDescription(fuzzed([answered('add', 201)]))).toMatchObject({verdict: 'pass'});
  });

  it.each<[string, unknown]>([
    ['lacks an operation', without('delete')],
    ['does not say which body is taken', changed('put', {requestBody: undefined})],
    [
      'does not say what an answer looks like',
      changed('put', {responses: {...ANSWERS, 200: {content: {'application/json': {}}}}}),
    ],
    ['is a problem', JSON.parse(problemOf(404))],
    ['is no document', null],
    ['has odd paths', {...CONTRACT, paths: ['/v1/items', null]}],
  ])('refuses a document that %s', (_, document) => {
    expect(judgeDescription(fuzzed([], document))).toMatchObject({code: 'NOT_DESCRIBED'});
  });

  it('refuses one answer that the document does not know, or that the contract does not', () => {
    const {412: conflicting, ...others} = ANSWERS;
    const forgotten = changed('put', {responses: others});
    expect(judgeDescription(fuzzed([], forgotten))).toMatchObject({code: 'ANSWERS_OTHERWISE'});
    const invented = changed('put', {responses: {...ANSWERS, 409: conflicting}});
    expect(judgeDescription(fuzzed([answered('change', 409)], invented))).toMatchObject({code: 'ANSWERS_OTHERWISE'});
    const nameless = [answered('add', 201, {body: JSON.stringify({...ITEM, name: undefined})})];
    expect(judgeDescription(fuzzed(nameless))).toMatchObject({code: 'ANSWERS_OTHERWISE'});
  });

  it('does not pass when hardly anything was answered', () => {
    expect(judgeDescription(fuzzed([], CONTRACT, REFUSED.slice(1)))).toMatchObject({code: 'NOTHING_TO_JUDGE'});
    const late = Array.from({length: 300}, () => answered('change', 504));
    expect(judgeDescription(fuzzed([], CONTRACT, late))).toMatchObject({code: 'NOTHING_TO_JUDGE'});
  });
});

describe("p1-14's judge of bad input", () => {
  it('passes a hundred that were refused with problems, and no fewer', () => {
    expect(judgeInput(fuzzed())).toMatchObject({verdict: 'pass'});
    expect(judgeInput(fuzzed([], CONTRACT, REFUSED.slice(1)))).toMatchObject({code: 'NOTHING_TO_JUDGE'});
    expect(judgeInput(fuzzed([], CONTRACT, []))).toMatchObject({code: 'NOTHING_TO_JUDGE'});
  });

  it.each<[string, LedgerEntry]>([
    ['BAD_INPUT_5XX', answered('change', 500)],
    ['BAD_INPUT_ACCEPTED', answered('change', 200)],
    ['NOT_A_PROBLEM', answered('change', 404, {contentType: 'application/json'})],
    ['NOT_A_PROBLEM', answered('change', 404, {body: problemOf(400)})],
    ['NOT_A_PROBLEM', answered('change', 404, {contentType: undefined, body: undefined})],
    ['NOT_A_PROBLEM', answered('show', 404, {expect: 'either', body: '{"error": "not found"}'})],
  ])('fails one with %s', (code, entry) => {
    expect(judgeInput(fuzzed([entry]))).toMatchObject({code});
  });

  it('leaves open what is served as described, what is odd, and what came too late', () => {
    const open = [
      answered('change', 500, {expect: 'served'}),
      answered('list', 200, {expect: 'either'}),
      answered('change', 503),
      answered('change', null),
    ];
    expect(judgeInput(fuzzed(open))).toMatchObject({verdict: 'pass'});
  });
});

/** The contract with one operation described in another way. */
function changed(method: string, change: object): object {
  const paths = structuredClone(CONTRACT.paths) as Record<string, Record<string, object>>;
  for (const path of Object.values(paths)) if (method in path) path[method] = {...path[method], ...change};
  return {...CONTRACT, paths};
}

/** The contract without the operation of this method. */
function without(method: string): object {
  const paths = structuredClone(CONTRACT.paths) as Record<string, Record<string, object>>;
  for (const path of Object.values(paths)) delete path[method];
  return {...CONTRACT, paths};
}

function answersTo(method: string): object {
  const paths = Object.values(CONTRACT.paths as Record<string, Record<string, {readonly responses: object}>>);
  return paths.find(path => method in path)?.[method]?.responses ?? {};
}
