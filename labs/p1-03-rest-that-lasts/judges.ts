import {jsonObject} from '../../src/labs/accounts.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {
  expectedRows,
  isRefusedAfterwards,
  nameOf,
  type Run,
  rowsOf,
  stories,
  wasUsedBefore,
  writes,
} from './evidence.ts';

export function judgeRows(evidence: Run): Judgement {
  const operations = writes(evidence);
  const duplicated = operations.filter(entry => rowsOf(evidence, entry).length > expectedRows(entry));
  const lost = operations.filter(entry => entry.outcome === 'ok' && rowsOf(evidence, entry).length === 0);
  const sends = operations.reduce((sum, entry) => sum + entry.sends.length, 0);
  const observed = `${operations.length} operations, sent ${sends} times by their clients: ${duplicated.length} with too many rows, ${lost.length} acknowledged without a row`;
  const expected = 'one row per operation';
  if (duplicated.length > 0) return fail('DUPLICATE_ROWS', observed, expected, stories(evidence, duplicated));
  if (lost.length > 0) return fail('LOST_ROWS', observed, expected, stories(evidence, lost));
  if (!operations.some(({outcome}) => outcome === 'ok'))
    return inconclusive('NOTHING_TO_JUDGE', 'no operation was acknowledged', expected);
  return pass(observed, expected);
}

export function judgeSameAnswer(evidence: Run): Judgement {
  const expected =
    'once an operation was answered 201 it gets the same again; a request that comes while the first is under way gets 409 or the same 201, and never a 500 of the service';
  const several = writes(evidence).filter(entry => entry.sends.length > 1);
  const different = several.filter(
    entry =>
      isRefusedAfterwards(entry) ||
      new Set(entry.sends.filter(send => send.status === 201).map(send => send.body)).size > 1,
  );
  const errors = several.filter(entry => entry.sends.some(send => send.status === 500));
  const observed = `of ${several.length} operations that were sent more than once ${different.length} got different answers, ${errors.length} a 500`;
  if (different.length > 0) return fail('DIFFERENT_ANSWER', observed, expected, stories(evidence, different));
  if (errors.length > 0) return fail('ERROR_INSTEAD', observed, expected, stories(evidence, errors));
  if (!several.some(({sends}) => sends.filter(({status}) => status === 201 || status === 409).length > 1))
    return inconclusive('NOTHING_TO_JUDGE', 'no operation got more than one answer', expected);
  return pass(observed, expected);
}

export function judgeOtherPayload(evidence: Run): Judgement {
  // Only where the key's first request was acknowledged before: otherwise this one may be the first.
  const used = evidence.attack.filter(entry => entry.name === 'other-payload' && wasUsedBefore(evidence, entry));
  const entries = used.filter(({status}) => status !== null && status < 500);
  const wrong = entries.filter(entry => entry.status !== 422);
  const observed = `${entries.length - wrong.length} of ${entries.length} were answered 422`;
  const expected = 'all of them: a key stands for one request, and this is another';
  if (used.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no key was used before', expected);
  if (entries.length === 0)
    return inconclusive('NOTHING_TO_JUDGE', `none of ${used.length} was answered, but with an error`, expected);
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
  const answered = evidence.attack.filter(
    ({name, outcome, status}) =>
      name === 'twin' && (outcome === 'ok' || (outcome === 'fail' && (status === 409 || status === 422))),
  );
  // A twin whose sibling nobody answered may be alone. Of two that were answered neither may be, whatever the answer was: no other request had its key.
  const twins = answered.filter(one => answered.filter(other => nameOf(other) === nameOf(one)).length === 2);
  const wrong = twins.filter(entry => rowsOf(evidence, entry).length < 2);
  const observed = `${twins.length - wrong.length} of ${twins.length} operations whose twin had the same payload left a row of their own`;
  const expected = 'all of them: two people can have the same name';
  if (twins.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no two twins were answered', expected);
  return wrong.length === 0
    ? pass(observed, expected)
    : fail('PAYLOADS_MERGED', observed, expected, stories(evidence, wrong));
}

export function judgeProblems(evidence: Run): Judgement {
  // What the service lets through the module has to refuse: another payload. Whether it does has a task of its own; here it counts how.
  const bad = evidence.attack.filter(
    entry =>
      entry.name === 'bad' ||
      (entry.name === 'other-payload' && (entry.status ?? 0) >= 400 && wasUsedBefore(evidence, entry)),
  );
  const entries = bad.filter(({status}) => status !== null && status < 502);
  const wrong = entries.filter(entry => (entry.status ?? 0) < 400 || (entry.status ?? 0) >= 500 || !isProblem(entry));
  const observed = `${entries.length - wrong.length} of ${entries.length} bad requests got a 4xx problem`;
  const expected = 'application/problem+json with type, title and status, and no stack trace';
  if (entries.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no bad request was answered', expected);
  return wrong.length === 0
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
