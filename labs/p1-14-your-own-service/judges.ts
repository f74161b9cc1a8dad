import {type Answer, answerProblem, notAProblem} from '../../src/checkers/openapi/answers.ts';
import {type ApiOperation, type Document, operationsOf} from '../../src/checkers/openapi/document.ts';
import {lintDocument} from '../../src/checkers/openapi/lint.ts';
import {asObject} from '../../src/checkers/openapi/schema.ts';
import {createValidator} from '../../src/checkers/openapi/validate.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {isLate} from './client.ts';
import {OPERATIONS, PATHS} from './contract.ts';
import type {Final, Setup} from './lab.ts';

type Seen = Evidence<Setup, Final>;

/** The ledger keeps the beginning of a body. */
const BODY_KEPT = 4_096;
const ANSWERED_MIN = 100;

/** Bad input has to be answered 4xx, as a problem. */
export function judgeInput(evidence: Seen): Judgement {
  const expected = 'every one of them is answered 4xx as problem+json, and none is accepted';
  const entries = evidence.attack.filter(
    ({name, operation}) => name === 'fuzz' && operation.facts?.expect !== 'served',
  );
  const answered = entries.filter(({status}) => !isLate(status));
  if (answered.length < ANSWERED_MIN)
    return inconclusive(
      'NOTHING_TO_JUDGE',
      `${answered.length} of ${entries.length} bad requests were answered`,
      expected,
    );
  const crashed = answered.filter(({status}) => status !== null && status >= 500);
  const accepted = answered.filter(entry => isToBeRefused(entry) && (entry.status ?? 0) < 400);
  const shapeless = answered.filter(entry => shapeOf(entry) !== undefined);
  const observed = `${answered.length} odd and bad requests were answered: ${crashed.length} with a 5xx, ${accepted.length} that are against the contract were accepted, ${shapeless.length} were refused with what is no problem`;
  if (crashed.length > 0) return fail('BAD_INPUT_5XX', observed, expected, crashed.slice(0, 4).map(story));
  if (accepted.length > 0) return fail('BAD_INPUT_ACCEPTED', observed, expected, accepted.slice(0, 4).map(story));
  if (shapeless.length > 0) return fail('NOT_A_PROBLEM', observed, expected, shapeless.slice(0, 4).map(story));
  return pass(observed, expected);
}

/** What it publishes is complete, sound, and what it does. */
export function judgeDescription(evidence: Seen): Judgement {
  const expected =
    'the five operations are described, the lint has nothing to say, and every answer is one that is described';
  const document = ofTheContract(evidence.final.document);
  const operations = operationsOf(document);
  const missing = OPERATIONS.filter(one => !operations.some(other => isSame(one, other)));
  const findings = [
    ...missing.map(({method, path}) => `${method} ${path} is not described`),
    ...lintDocument(document),
    ...operations.flatMap(operation => inputProblems(operation)),
  ];
  if (findings.length > 0)
    return fail(
      'NOT_DESCRIBED',
      `${findings.length} findings in what the service publishes`,
      expected,
      findings.slice(0, 6),
    );
  const validate = createValidator();
  const served = evidence.attack.filter(({status}) => !isLate(status));
  const wrong = served.flatMap(entry => {
    const {method, id} = contractOf(entry);
    const own = operations.find(
      one => one.method === method && one.path === OPERATIONS.find(other => other.id === id)?.path,
    );
    const promised = OPERATIONS.find(one => one.id === id);
    if (own === undefined || promised === undefined || entry.operation.facts?.expect === 'elsewhere') return [];
    const problem =
      answerProblem({operation: own, expect: 'either'}, answerOf(entry), validate) ??
      answerProblem({operation: promised, expect: 'either'}, answerOf(entry), validate);
    return problem === undefined || (entry.status ?? 0) >= 500 ? [] : [`${story(entry)}: ${problem}`];
  });
  const observed = `${served.length} answers compared with what is published: ${wrong.length} are not as described`;
  if (wrong.length > 0) return fail('ANSWERS_OTHERWISE', observed, expected, wrong.slice(0, 4));
  if (served.length < ANSWERED_MIN) return inconclusive('NOTHING_TO_JUDGE', observed, expected);
  return pass(observed, expected);
}

/** What a client cannot know without being told: which bodies are taken. */
function inputProblems({method, path, body}: ApiOperation): string[] {
  const takesBody = method === 'POST' || method === 'PUT';
  return takesBody && (body === undefined || Object.keys(body).length === 0)
    ? [`${method} ${path} does not describe its body`]
    : [];
}

function ofTheContract(published: unknown): Document {
  const document = asObject(published);
  const paths = Object.entries(asObject(document.paths));
  return {...document, paths: Object.fromEntries(paths.filter(([path]) => PATHS.includes(path)))};
}

function isSame(one: ApiOperation, other: ApiOperation): boolean {
  return one.method === other.method && one.path === other.path;
}

function contractOf({name, operation}: LedgerEntry): {readonly method: string; readonly id: string} {
  const id = name === 'fuzz' ? String(operation.facts?.operation) : name === 'list' ? 'list' : 'add';
  return {method: operation.request.method, id};
}

function isToBeRefused({operation}: LedgerEntry): boolean {
  return operation.facts?.expect === 'refused' || operation.facts?.expect === 'elsewhere';
}

function shapeOf(entry: LedgerEntry): string | undefined {
  const {status} = entry;
  if (status === null || status < 400 || status >= 500) return undefined;
  const answer = answerOf(entry);
  return notAProblem(answer, answer.contentType?.split(';')[0] ?? '');
}

function answerOf(entry: LedgerEntry): Answer {
  const send = entry.sends.at(-1);
  const body = send?.body ?? '';
  return {
    status: entry.status ?? 0,
    contentType: send?.contentType,
    body,
    ...(body.length >= BODY_KEPT ? {isCut: true} : {}),
  };
}

function story(entry: LedgerEntry): string {
  const {request, facts} = entry.operation;
  const body = request.body === undefined ? '' : ` ${request.body.slice(0, 80)}`;
  const said = entry.sends.at(-1)?.body?.slice(0, 120) ?? '';
  return `${entry.id} (${facts?.what ?? entry.name}): ${request.method} ${request.path.slice(0, 80)}${body} was answered ${entry.status} ${said}`;
}
