import {defineLab, type LabTools} from '../../src/labs/lab.ts';
import {expectedRows, type Final, rowsOf, writes} from './evidence.ts';
import {
  judgeEqualPayloads,
  judgeOtherPayload,
  judgeOwners,
  judgeProblems,
  judgeRows,
  judgeSameAnswer,
} from './judges.ts';
import {body, register, traffic} from './traffic.ts';

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
      judge: judgeSameAnswer,
    },
    {
      id: 'other-payload-refused',
      title: 'The same key with another payload is refused with 422',
      judges: 'counting',
      codes: ['OTHER_PAYLOAD_ACCEPTED'],
      settled: {OTHER_PAYLOAD_ACCEPTED: 'at-once'},
      judge: judgeOtherPayload,
    },
    {
      id: 'keys-have-owners',
      title: 'A key belongs to the client that chose it',
      judges: 'counting',
      codes: ['KEYS_SHARED'],
      settled: {KEYS_SHARED: 'at-once'},
      judge: judgeOwners,
    },
    {
      id: 'equal-is-not-same',
      title: 'Equal payloads under different keys are different operations',
      judges: 'counting',
      codes: ['PAYLOADS_MERGED'],
      settled: {PAYLOADS_MERGED: 'at-once'},
      judge: judgeEqualPayloads,
    },
    {
      id: 'problems',
      title: 'Bad requests get problem+json',
      judges: 'counting',
      codes: ['NOT_A_PROBLEM'],
      judge: judgeProblems,
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
