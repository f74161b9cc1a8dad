import {jsonObject} from '../../src/labs/accounts.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {expectedRows, nameOf, type Run, rowsOf, stories, wasUsedBefore, writes} from './evidence.ts';

export function judgeRows(evidence: Run): Judgement {
  const operations = writes(evidence);
  const duplicated = operations.filter(entry => rowsOf(evidence, entry).length > expectedRows(entry));
  const lost = operations.filter(entry => entry.outcome === 'ok' && rowsOf(evidence, entry).length === 0);
  const sends = operations.reduce((sum, entry) => sum + entry.sends.length, 0);
  const observed = `${operations.length} operations, sent ${sends} times by their clients: ${duplicated.length} with too many rows, ${lost.length} acknowledged without a row`;
  const expected = 'one row per operation';
  if (duplicated.length > 0) return fail('DUPLICATE_ROWS', observed, expected, stories(evidence, duplicated));
  if (lost.length > 0) return fail('LOST_ROWS', observed, expected, stories(evidence, lost));
  return pass(observed, expected);
}

export function judgeSameAnswer(evidence: Run): Judgement {
  const expected =
    'all 201s of an operation have the same body; a request that comes while the first is under way gets 409 or the same 201, and never a 5xx of the service';
  const several = writes(evidence).filter(entry => entry.sends.length > 1);
  const different = several.filter(
    entry => new Set(entry.sends.filter(send => send.status === 201).map(send => send.body)).size > 1,
  );
  const errors = several.filter(entry => entry.sends.some(send => send.status === 500));
  const observed = `of ${several.length} operations that were sent more than once ${different.length} got different answers, ${errors.length} a 500`;
  if (different.length > 0) return fail('DIFFERENT_ANSWER', observed, expected, stories(evidence, different));
  if (errors.length > 0) return fail('ERROR_INSTEAD', observed, expected, stories(evidence, errors));
  return pass(observed, expected);
}

export function judgeOtherPayload(evidence: Run): Judgement {
  // Only where the key's first request was acknowledged before: otherwise this one may be the first.
  const entries = evidence.attack.filter(
    entry =>
      entry.name === 'other-payload' && entry.status !== null && entry.status < 500 && wasUsedBefore(evidence, entry),
  );
  const wrong = entries.filter(entry => entry.status !== 422);
  const observed = `${entries.length - wrong.length} of ${entries.length} were answered 422`;
  const expected = 'all of them: a key stands for one request, and this is another';
  if (entries.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no key was used before', expected);
  return wrong.length === 0
    ? pass(observed, expected)
    : fail('OTHER_PAYLOAD_ACCEPTED', observed, expected, stories(evidence, wrong));
}

export function judgeOwners(evidence: Run): Judgement {
  const strangers = evidence.attack.filter(
    entry => entry.name === 'stranger' && entry.status !== null && entry.status < 500,
  );
  const wrong = strangers.filter(entry => rowsOf(evidence, entry).length === 0 || entry.status !== 201);
  const observed = `${strangers.length - wrong.length} of ${strangers.length} clients that used a key which another client had used before got an account of their own`;
  const expected = 'all of them';
  if (strangers.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no stranger was answered', expected);
  return wrong.length === 0
    ? pass(observed, expected)
    : fail('KEYS_SHARED', observed, expected, stories(evidence, wrong));
}

export function judgeEqualPayloads(evidence: Run): Judgement {
  const twins = evidence.attack.filter(entry => entry.name === 'twin' && entry.outcome === 'ok');
  const wrong = twins.filter(entry => rowsOf(evidence, entry).length < 2);
  const observed = `${twins.length - wrong.length} of ${twins.length} operations whose twin had the same payload left a row of their own`;
  const expected = 'all of them: two people can have the same name';
  // A twin whose sibling was never acknowledged may be alone; an acknowledged pair may not.
  const paired = wrong.filter(entry => twins.filter(other => nameOf(other) === nameOf(entry)).length === 2);
  if (twins.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no twin was answered', expected);
  return paired.length === 0
    ? pass(observed, expected)
    : fail('PAYLOADS_MERGED', observed, expected, stories(evidence, paired));
}

export function judgeProblems(evidence: Run): Judgement {
  const entries = evidence.attack.filter(entry => entry.name === 'bad' && entry.status !== null);
  const wrong = entries.filter(
    entry => entry.status === null || entry.status >= 500 || entry.status < 400 || !isProblem(entry),
  );
  const lost = entries.filter(entry => entry.status !== null && entry.status >= 502);
  const observed = `${entries.length - wrong.length} of ${entries.length} bad requests got a 4xx problem`;
  const expected = 'application/problem+json with type, title and status, and no stack trace';
  return wrong.length === lost.length && entries.length > 0
    ? pass(observed, expected)
    : fail('NOT_A_PROBLEM', observed, expected, stories(evidence, wrong));
}

function isProblem(entry: LedgerEntry): boolean {
  const send = entry.sends.at(-1);
  if (!/^application\/problem\+json/.test(send?.contentType ?? '')) return false;
  const problem = jsonObject(send?.body);
  const named = typeof problem?.type === 'string' && typeof problem.title === 'string';
  return named && problem.status === entry.status && !/\n\s+at /.test(send?.body ?? '');
}
