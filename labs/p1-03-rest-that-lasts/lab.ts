import {jsonObject} from '../../src/labs/accounts.ts';
import {defineLab, type Evidence, type LabTools} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {body, register, traffic} from './traffic.ts';

type Final = {
  /** Rows by the name that the operation drew; twins share theirs. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
};

export default defineLab<undefined, Final>({
  id: 'p1-03-rest-that-lasts',
  title: 'REST that lasts',
  phase: 1,
  weeks: [3, 4],
  objective: 'API design principles',
  concepts: ['RESTful API design', 'database strategy'],
  minutes: 30,
  needs: ['p1-06-a-deadline'],
  replicas: {identity: 2},
  seams: {identity: {registration: 'registration.ts'}},
  given: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'rows per operation',
  yourTests: {
    file: 'tests.ts',
    node: 'identity-db',
    right: [{name: 'refuses-meanwhile', why: 'it answers 409 to a request that comes while the first is under way'}],
    wrong: [
      {name: 'one-by-one', code: 'TEST_MISSES', why: 'tests wait for one answer before they ask for the next'},
      {
        name: 'both-created',
        code: 'TEST_FAILS_ON_REFERENCE',
        why: 'the reference lets the second one wait, which looks like a promise',
      },
    ],
  },
  baseline: {
    load: tools => ({
      operations: Array.from({length: 40}, (_, index) =>
        register(tools, 'once', `before-${index}`, index * 50, body(tools)),
      ),
    }),
    okShareMin: 0.97,
  },
  load: tools => ({operations: traffic(tools), okMin: 450}),
  faults: () => [
    {
      kind: 'drop-reply',
      target: 'gateway->identity',
      attributes: {probability: 0.2, match: {method: 'POST', path: '/v1/accounts'}},
      atMs: 0,
      forMs: 60_000,
    },
  ],
  recovery: {withinMs: 10_000},
  glance: readRows,
  final: readRows,
  summary: evidence => {
    const operations = writes(evidence);
    const extra = operations.filter(entry => rowsOf(evidence, entry).length > expectedRows(entry)).length;
    const sends = operations.reduce((sum, entry) => sum + entry.sends.length, 0);
    return [
      `${operations.length} clients wanted one account each, and sent ${sends} requests for them: one answer in five got lost after the work was done.`,
      `${extra} of them have more than one account now.`,
    ];
  },
  tasks: [
    {
      id: 'one-row-each',
      title: 'Every operation leaves exactly one row, however often it was sent',
      judges: 'counting',
      codes: ['DUPLICATE_ROWS', 'LOST_ROWS'],
      settled: {DUPLICATE_ROWS: 'at-once', LOST_ROWS: 'at-once'},
      judge: judgeRows,
    },
    {
      id: 'same-answer',
      title: 'A repeated request gets the first answer again',
      judges: 'counting',
      codes: ['DIFFERENT_ANSWER', 'ERROR_INSTEAD'],
      settled: {DIFFERENT_ANSWER: 'at-once', ERROR_INSTEAD: 'at-once'},
      judge: evidence => {
        const expected =
          'all 201s of an operation have the same body; a request that comes while the first is under way gets 409 or the same 201, and never a 5xx of the service';
        const several = writes(evidence).filter(entry => entry.sends.length > 1);
        const different = several.filter(
          entry => new Set(entry.sends.filter(send => send.status === 201).map(send => send.body)).size > 1,
        );
        const errors = several.filter(entry => entry.sends.some(send => send.status === 500));
        const observed = `of ${several.length} operations that were sent more than once ${different.length} got different answers, ${errors.length} a 500`;
        if (different.length > 0)
          return fail(
            'DIFFERENT_ANSWER',
            observed,
            expected,
            different.slice(0, 3).map(entry => story(evidence, entry)),
          );
        if (errors.length > 0)
          return fail(
            'ERROR_INSTEAD',
            observed,
            expected,
            errors.slice(0, 3).map(entry => story(evidence, entry)),
          );
        return pass(observed, expected);
      },
    },
    {
      id: 'other-payload-refused',
      title: 'The same key with another payload is refused with 422',
      judges: 'counting',
      codes: ['OTHER_PAYLOAD_ACCEPTED'],
      settled: {OTHER_PAYLOAD_ACCEPTED: 'at-once'},
      judge: evidence => {
        // Only where the key's first request was acknowledged before: otherwise this one may be the first.
        const entries = evidence.attack.filter(
          entry =>
            entry.name === 'other-payload' &&
            entry.status !== null &&
            entry.status < 500 &&
            wasUsedBefore(evidence, entry),
        );
        const wrong = entries.filter(entry => entry.status !== 422);
        const observed = `${entries.length - wrong.length} of ${entries.length} were answered 422`;
        const expected = 'all of them: a key stands for one request, and this is another';
        if (entries.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no key was used before', expected);
        return wrong.length === 0
          ? pass(observed, expected)
          : fail(
              'OTHER_PAYLOAD_ACCEPTED',
              observed,
              expected,
              wrong.slice(0, 3).map(entry => story(evidence, entry)),
            );
      },
    },
    {
      id: 'keys-have-owners',
      title: 'A key belongs to the client that chose it',
      judges: 'counting',
      codes: ['KEYS_SHARED'],
      settled: {KEYS_SHARED: 'at-once'},
      judge: evidence => {
        const strangers = evidence.attack.filter(
          entry => entry.name === 'stranger' && entry.status !== null && entry.status < 500,
        );
        const wrong = strangers.filter(entry => rowsOf(evidence, entry).length === 0 || entry.status !== 201);
        const observed = `${strangers.length - wrong.length} of ${strangers.length} clients that used a key which another client had used before got an account of their own`;
        const expected = 'all of them';
        if (strangers.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no stranger was answered', expected);
        return wrong.length === 0
          ? pass(observed, expected)
          : fail(
              'KEYS_SHARED',
              observed,
              expected,
              wrong.slice(0, 3).map(entry => story(evidence, entry)),
            );
      },
    },
    {
      id: 'equal-is-not-same',
      title: 'Equal payloads under different keys are different operations',
      judges: 'counting',
      codes: ['PAYLOADS_MERGED'],
      settled: {PAYLOADS_MERGED: 'at-once'},
      judge: evidence => {
        const twins = evidence.attack.filter(entry => entry.name === 'twin' && entry.outcome === 'ok');
        const wrong = twins.filter(entry => rowsOf(evidence, entry).length < 2);
        const observed = `${twins.length - wrong.length} of ${twins.length} operations whose twin had the same payload left a row of their own`;
        const expected = 'all of them: two people can have the same name';
        // A twin whose sibling was never acknowledged may be alone; an acknowledged pair may not.
        const paired = wrong.filter(entry => twins.filter(other => nameOf(other) === nameOf(entry)).length === 2);
        if (twins.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no twin was answered', expected);
        return paired.length === 0
          ? pass(observed, expected)
          : fail(
              'PAYLOADS_MERGED',
              observed,
              expected,
              paired.slice(0, 3).map(entry => story(evidence, entry)),
            );
      },
    },
    {
      id: 'problems',
      title: 'Bad requests get problem+json',
      judges: 'counting',
      codes: ['NOT_A_PROBLEM'],
      judge: evidence => {
        const entries = evidence.attack.filter(entry => entry.name === 'bad' && entry.status !== null);
        const wrong = entries.filter(
          entry => entry.status === null || entry.status >= 500 || entry.status < 400 || !isProblem(entry),
        );
        const lost = entries.filter(entry => entry.status !== null && entry.status >= 502);
        const observed = `${entries.length - wrong.length} of ${entries.length} bad requests got a 4xx problem`;
        const expected = 'application/problem+json with type, title and status, and no stack trace';
        return wrong.length === lost.length && entries.length > 0
          ? pass(observed, expected)
          : fail(
              'NOT_A_PROBLEM',
              observed,
              expected,
              wrong.slice(0, 3).map(entry => story(evidence, entry)),
            );
      },
    },
  ],
  wrong: [
    {
      name: 'check-then-insert',
      task: 'one-row-each',
      code: 'DUPLICATE_ROWS',
      why: "eShop's way: ask whether the id exists, then create it",
    },
    {
      name: 'keys-in-memory',
      task: 'one-row-each',
      code: 'DUPLICATE_ROWS',
      why: 'a map is a lock without a database, for as long as there is one process',
    },
    {
      name: 'key-after-commit',
      task: 'one-row-each',
      code: 'DUPLICATE_ROWS',
      why: 'the unique constraint is there, and comes one transaction too late',
    },
    {
      name: 'payload-hash',
      task: 'equal-is-not-same',
      code: 'PAYLOADS_MERGED',
      why: 'hashing the payload needs nothing of the clients',
    },
    {
      name: 'key-alone',
      task: 'keys-have-owners',
      code: 'KEYS_SHARED',
      why: 'keys are random, so who would think of two clients with the same one',
    },
    {
      name: 'any-payload',
      task: 'other-payload-refused',
      code: 'OTHER_PAYLOAD_ACCEPTED',
      why: 'the key decides, so why look at the rest',
    },
  ],
});

async function readRows(tools: LabTools): Promise<Final> {
  const rows = await tools.sql<{name: string; ids: string[]}>(
    'identity-db',
    'select name, array_agg(id) as ids from accounts group by name',
  );
  return {rows: Object.fromEntries(rows.map(({name, ids}) => [name, ids]))};
}

/** Whether the same client had been acknowledged another request with this key before. */
function wasUsedBefore({attack}: Evidence<undefined, Final>, entry: LedgerEntry): boolean {
  const key = keyOf(entry);
  const at = entry.sends[0]?.at ?? 0;
  return attack.some(
    other =>
      other !== entry &&
      keyOf(other) === key &&
      other.sends.some(send => send.status === 201 && send.at + send.durationMs < at),
  );
}

function keyOf({operation}: LedgerEntry): string {
  const {headers} = operation.request;
  return JSON.stringify([headers?.['x-client-id'], headers?.['idempotency-key']]);
}

/** Operations that each want one account: of every kind but those that must be refused. */
function writes({attack}: Evidence<undefined, Final>): readonly LedgerEntry[] {
  return attack.filter(entry => ['once', 'pair', 'repeated', 'twin', 'stranger'].includes(entry.name));
}

function judgeRows(evidence: Evidence<undefined, Final>): Judgement {
  const operations = writes(evidence);
  const duplicated = operations.filter(entry => rowsOf(evidence, entry).length > expectedRows(entry));
  const lost = operations.filter(entry => entry.outcome === 'ok' && rowsOf(evidence, entry).length === 0);
  const sends = operations.reduce((sum, entry) => sum + entry.sends.length, 0);
  const observed = `${operations.length} operations, sent ${sends} times by their clients: ${duplicated.length} with too many rows, ${lost.length} acknowledged without a row`;
  const expected = 'one row per operation';
  if (duplicated.length > 0)
    return fail(
      'DUPLICATE_ROWS',
      observed,
      expected,
      duplicated.slice(0, 3).map(entry => story(evidence, entry)),
    );
  if (lost.length > 0)
    return fail(
      'LOST_ROWS',
      observed,
      expected,
      lost.slice(0, 3).map(entry => story(evidence, entry)),
    );
  return pass(observed, expected);
}

function expectedRows(entry: LedgerEntry): number {
  return entry.name === 'twin' ? 2 : 1;
}

function rowsOf({final}: Evidence<undefined, Final>, entry: LedgerEntry): readonly string[] {
  return final.rows[nameOf(entry)] ?? [];
}

function nameOf(entry: LedgerEntry): string {
  return String(entry.operation.facts?.name ?? '');
}

function isProblem(entry: LedgerEntry): boolean {
  const send = entry.sends.at(-1);
  if (!/^application\/problem\+json/.test(send?.contentType ?? '')) return false;
  const problem = jsonObject(send?.body);
  const named = typeof problem?.type === 'string' && typeof problem.title === 'string';
  return named && problem.status === entry.status && !/\n\s+at /.test(send?.body ?? '');
}

/** `op op-317 (pair): sent 3 times, rows 2, at +0 (201), +210 (ECONNRESET), +431 ms (201)`. */
function story(evidence: Evidence<undefined, Final>, entry: LedgerEntry): string {
  const times = entry.sends.map(
    send => `+${Math.round(send.at - entry.intendedAt)} ms (${send.status ?? send.error ?? 'no answer'})`,
  );
  return `op ${entry.id} (${entry.name}): sent ${entry.sends.length} ${entry.sends.length === 1 ? 'time' : 'times'}, rows ${rowsOf(evidence, entry).length}, at ${times.join(', ')}`;
}
