import {defineLab} from '../../src/labs/lab.ts';
import {spec} from '../../src/topology/default.ts';
import type {Topology} from '../../src/topology/topology.ts';
import {type Final, largestBatch, longestWait, type Setup} from './evidence.ts';
import {judgeBatches, judgeBoth, judgeDone, judgeErrors, judgeReports, judgeWaits} from './judges.ts';
import {attack, REPORT, timetable} from './script.ts';
import {setUp} from './set-up.ts';
import {quotaTraffic, wrongReads} from './traffic.ts';
import {schemaOf} from './watch.ts';

export default defineLab<Setup, Final>({
  id: 'p1-10-migrate-hot',
  title: 'Migrate while it is hot',
  phase: 1,
  weeks: [3, 4],
  objective: 'database per service',
  concepts: ['database strategy'],
  minutes: 35,
  needs: ['p1-04-evolve-the-api'],
  topology: topology(),
  seams: {'quotas-v2': {repository: 'repository.ts'}},
  given: {gateway: {routes: 'routes.ts', 'upstream-policy': 'upstream-policy.ts', shedding: 'shedding.ts'}},
  watch: 'the longest wait',
  timescale: 'the long SELECT takes 6 s, not minutes; 20,000 rows, not millions',
  setUp,
  baseline: {
    load: (tools, accounts) => ({operations: quotaTraffic(tools.random, accounts, 3_000)}),
    okShareMin: 0.97,
  },
  load: (tools, setup) => ({operations: attack(tools, setup)}),
  faults: (tools, {watch}) => timetable(tools, watch),
  recovery: {withinMs: 5_000},
  // Nothing is left over by what goes on, and the table is looked at all the time.
  glance: async () => ({leftovers: []}),
  final: async (tools, {schema}) => ({leftovers: (await schemaOf(tools)).filter(part => !schema.includes(part))}),
  summary: evidence => {
    const failed = evidence.attack.filter(({outcome}) => outcome !== 'ok');
    return [
      `A SELECT of ${REPORT.forMs / 1000} s ran when the schema was to change: the longest wait of a request was ${(longestWait(evidence) ?? 0).toFixed(0)} ms, ${failed.length} of ${evidence.attack.length} failed.`,
      `${wrongReads(evidence.attack).length} reads gave something else than what had been written; the largest batch had ${largestBatch(evidence) ?? 'no'} rows.`,
    ];
  },
  tasks: [
    {
      id: 'nobody-waits',
      title: 'No request waits longer than a second',
      judges: 'timing',
      codes: ['WAITED_TOO_LONG'],
      settled: {WAITED_TOO_LONG: 'at-once'},
      judge: judgeWaits,
    },
    {
      id: 'no-errors',
      title: 'No request fails',
      judges: 'counting',
      codes: ['FAILED_REQUESTS'],
      judge: judgeErrors,
    },
    {
      id: 'report-finishes',
      title: 'The long SELECT finishes',
      judges: 'counting',
      codes: ['REPORT_KILLED'],
      settled: {REPORT_KILLED: 'at-once'},
      judge: judgeReports,
    },
    {
      id: 'done-and-taken-back',
      title: 'Both schema changes are done soon after the SELECT',
      judges: 'counting',
      codes: ['NOT_DONE', 'NOT_TAKEN_BACK'],
      settled: {NOT_DONE: 'at-once'},
      judge: judgeDone,
    },
    {
      id: 'both-versions',
      title: 'Both versions read what either has written',
      judges: 'counting',
      codes: ['WRONG_READ', 'COLUMNS_DIFFER'],
      settled: {WRONG_READ: 'at-once'},
      judge: judgeBoth,
    },
    {
      id: 'in-batches',
      title: 'The backfill goes in batches of at most 1,000 rows',
      judges: 'counting',
      codes: ['NOT_BATCHED'],
      settled: {NOT_BATCHED: 'at-once'},
      judge: judgeBatches,
    },
  ],
  wrong: [
    {
      name: 'timeout-and-give-up',
      task: 'done-and-taken-back',
      code: 'NOT_DONE',
      why: 'lock_timeout keeps the queue away, and the deployment "just fails now and then"',
    },
    {
      name: 'kill-the-report',
      task: 'report-finishes',
      code: 'REPORT_KILLED',
      why: 'whoever is in the way is a stranger, and the migration is ours',
    },
    {
      name: 'all-at-once',
      task: 'in-batches',
      code: 'NOT_BATCHED',
      why: 'one UPDATE is one line, and quick on the laptop',
    },
    {
      name: 'new-column-only',
      task: 'both-versions',
      code: 'WRONG_READ',
      why: 'the new code reads the new column, as if the old code were gone and the rows filled',
    },
    {
      name: 'dual-write-in-one',
      task: 'both-versions',
      code: 'WRONG_READ',
      why: 'the new version writes both columns; that the old one goes on writing one is forgotten',
    },
  ],
});

/** Version 1 of quotas, which is what runs today, and version 2 with the learner's repository, on one database. */
function topology(): Topology {
  const quotas = {...spec('service'), modules: ['quotas'] as const};
  return {
    services: {
      gateway: spec('service'),
      'quotas-v1': quotas,
      'quotas-v2': quotas,
      'stream-db': spec('postgres'),
      broker: spec('broker'),
    },
    links: [
      {from: 'client', to: 'gateway', protocol: 'http'},
      {from: 'gateway', to: 'quotas-v1', protocol: 'http'},
      {from: 'gateway', to: 'quotas-v2', protocol: 'http'},
      {from: 'gateway', to: 'broker', protocol: 'postgres'},
      {from: 'quotas-v1', to: 'stream-db', protocol: 'postgres'},
      {from: 'quotas-v2', to: 'stream-db', protocol: 'postgres'},
    ],
  };
}
