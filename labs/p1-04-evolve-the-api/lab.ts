import {defineLab} from '../../src/labs/lab.ts';
import {drawn} from '../../src/labs/predict/draw.ts';
import {withOwnService} from '../../src/topology/own-service.ts';
import {drawChanges, expectedBreaks, measuredBreaks, question} from './changes.ts';
import type {Final, Setup} from './evidence.ts';
import {judgeGoingBack, judgeNewClients, judgeOldClients, judgeRemoval, judgeRoundTrips} from './judges.ts';
import {rollOutAmongClients} from './script.ts';
import {readFinal, setUp} from './set-up.ts';
import {reads} from './traffic.ts';

const LOAD_MS = 14_000;

export default defineLab<Setup, Final>({
  id: 'p1-04-evolve-the-api',
  title: 'Evolve the API',
  phase: 1,
  weeks: [3, 4],
  objective: 'API design principles',
  concepts: ['RESTful API design'],
  minutes: 35,
  needs: ['p1-03-rest-that-lasts'],
  topology: withOwnService(),
  replicas: {own: 2},
  seams: {own: {routes: 'routes.ts', schema: 'schema.ts'}},
  // A gateway that keeps away from replicas that fail would hide what a release does.
  given: {gateway: {routes: 'routes.ts', 'upstream-policy': 'upstream-policy.ts', discovery: 'discovery.ts'}},
  watch: 'what clients could not do while it was rolled out',
  predict: {
    judges: 'counting',
    ask: question,
    answer: expectedBreaks,
    measure: evidence => measuredBreaks(drawn(evidence.seed, drawChanges), evidence.final.recorded),
  },
  setUp,
  baseline: {
    load: (tools, {seeded}) => ({operations: reads(tools, seeded, 'before', 20, 2_000)}),
    okShareMin: 0.97,
  },
  load: (tools, {seeded}) => ({operations: reads(tools, seeded, 'read', 10, LOAD_MS)}),
  faults: (tools, setup) => [
    {
      kind: 'act',
      name: 'the releases add, migrate and remove are rolled out and taken back, while clients go on',
      atMs: 200,
      act: cut => rollOutAmongClients(tools, setup, cut),
    },
  ],
  recovery: {withinMs: 10_000},
  glance: readFinal,
  final: readFinal,
  summary: ({final: {incidents, rounds, stages}}) => [
    `${stages.length} stages: ${rounds.old} rounds of old clients and ${rounds.new} of new ones.`,
    `${incidents.filter(({kind}) => kind === 'error').length} requests failed, ${incidents.filter(({kind}) => kind !== 'error').length} times something else came back than had been written.`,
  ],
  tasks: [
    {
      id: 'old-clients',
      title: 'Old clients see no error at any stage',
      judges: 'counting',
      codes: ['OLD_CLIENT_BREAKS', 'DOES_NOT_START'],
      settled: {OLD_CLIENT_BREAKS: 'at-once', DOES_NOT_START: 'at-once'},
      judge: judgeOldClients,
    },
    {
      id: 'new-clients',
      title: 'New clients see no error from the first stage that knows them',
      judges: 'counting',
      codes: ['NEW_CLIENT_BREAKS', 'DOES_NOT_START'],
      settled: {NEW_CLIENT_BREAKS: 'at-once', DOES_NOT_START: 'at-once'},
      judge: judgeNewClients,
    },
    {
      id: 'round-trips',
      title: 'Round trips between old and new clients lose nothing',
      judges: 'counting',
      codes: ['FIELD_LOST', 'NAME_DIFFERS'],
      settled: {FIELD_LOST: 'at-once', NAME_DIFFERS: 'at-once'},
      judge: judgeRoundTrips,
    },
    {
      id: 'going-back',
      title: 'Going back one release breaks nobody',
      judges: 'counting',
      codes: ['ROLLBACK_BREAKS', 'TODAY_CHANGED'],
      settled: {ROLLBACK_BREAKS: 'at-once', TODAY_CHANGED: 'at-once'},
      judge: judgeGoingBack,
    },
    {
      id: 'removed',
      title: 'In the end the old name is gone from the table',
      judges: 'counting',
      codes: ['OLD_NAME_LEFT'],
      judge: judgeRemoval,
    },
  ],
  wrong: [
    {
      name: 'v1-put-erases',
      task: 'round-trips',
      code: 'FIELD_LOST',
      why: 'the old version is the new one without a field, so it writes nothing into it',
    },
    {
      name: 'dual-write-only',
      task: 'round-trips',
      code: 'NAME_DIFFERS',
      why: 'the new code writes both names; that the old code runs beside it writes one',
    },
    {
      name: 'drop-too-early',
      task: 'going-back',
      code: 'ROLLBACK_BREAKS',
      why: 'everything is migrated, so the old column can go with the same release',
    },
    {
      name: 'v1-gone',
      task: 'old-clients',
      code: 'OLD_CLIENT_BREAKS',
      why: 'the old column is gone, so the old API goes with it',
    },
    {
      name: 'history-rewritten',
      task: 'going-back',
      code: 'TODAY_CHANGED',
      why: 'if today had been like tomorrow there would be nothing to migrate',
    },
    {
      name: 'column-left',
      task: 'removed',
      code: 'OLD_NAME_LEFT',
      why: 'an unused column harms nobody, and dropping one might',
    },
  ],
});
