import {signUp} from '../../src/labs/accounts.ts';
import {defineLab, type LabTools} from '../../src/labs/lab.ts';
import {death, type Evidence, type Final, failedOf, type Setup, sentIn, silence, toIdentity} from './evidence.ts';
import {
  judgeDeath,
  judgeEjection,
  judgeLateOne,
  judgeLists,
  judgeRetired,
  judgeSilence,
  judgeWrites,
} from './judges.ts';
import {drawParts, END_MS, LATE_NODE, registered, timetable} from './script.ts';
import {BASELINE_MS, traffic} from './traffic.ts';

const REGISTERED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

export default defineLab<Setup, Final>({
  id: 'p1-11-find-me',
  title: 'Find me',
  phase: 1,
  weeks: [5, 6],
  objective: 'inter-service communication',
  concepts: ['service discovery'],
  minutes: 40,
  needs: ['p1-06-a-deadline'],
  replicas: {identity: 4},
  later: [LATE_NODE],
  seams: {gateway: {discovery: 'discovery.ts'}},
  given: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'requests that failed while two of three instances were well',
  timescale: 'a registry that is away for a minute is away for 7 s here; its lag of 10 s is as it is',
  setUp: async tools => {
    const until = Date.now() + REGISTERED_WITHIN_MS;
    while (!(await registered(tools)) && Date.now() < until)
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
    const {token} = await signUp(tools, 'Barbara');
    return {token, ...drawParts(tools)};
  },
  baseline: {
    load: (tools, {token}) => ({operations: traffic(tools, token, 'before', BASELINE_MS)}),
    okShareMin: 0.97,
  },
  load: (tools, {token}) => ({operations: traffic(tools, token, 'attack', END_MS), okMin: 300}),
  faults: (tools, setup) => timetable(tools, setup),
  recovery: {withinMs: 10_000},
  glance: readAccounts,
  final: readAccounts,
  summary: evidence => {
    const window = {from: death(evidence).from, to: silence(evidence).from};
    const sent = sentIn(evidence, window);
    return [
      `The machine of ${evidence.setup.dead} died; two instances went on, and a fourth came. Of ${sent.length} requests in the ${seconds(window)} s after that ${failedOf(evidence, sent).length} failed.`,
      `In all ${failedOf(evidence, sentIn(evidence, whole(evidence))).length} of ${evidence.attack.length} failed; ${LATE_NODE} was asked ${toIdentity(evidence, whole(evidence), LATE_NODE).length} times.`,
    ];
  },
  tasks: [
    {
      id: 'death-survived',
      title: 'An instance dies without a word, and hardly a request fails',
      judges: 'counting',
      codes: ['DEAD_ONE_ASKED'],
      settled: {DEAD_ONE_ASKED: 'once-lost'},
      judge: judgeDeath,
    },
    {
      id: 'ejected',
      title: 'Two seconds after its death the dead one is left alone',
      judges: 'counting',
      codes: ['STILL_ASKED'],
      settled: {STILL_ASKED: 'at-once'},
      judge: judgeEjection,
    },
    {
      id: 'new-one-used',
      title: 'A new instance gets its share',
      judges: 'counting',
      codes: ['NEW_ONE_UNUSED'],
      settled: {NEW_ONE_UNUSED: 'at-once'},
      judge: judgeLateOne,
    },
    {
      id: 'outage-unfelt',
      title: 'A registry that is silent costs nothing',
      judges: 'counting',
      codes: ['OUTAGE_FELT'],
      settled: {OUTAGE_FELT: 'once-lost'},
      judge: judgeSilence,
    },
    {
      id: 'lists-doubted',
      title: 'Neither an empty list nor an old one does harm',
      judges: 'counting',
      codes: ['EMPTY_TAKEN', 'STALE_TAKEN'],
      settled: {EMPTY_TAKEN: 'once-lost', STALE_TAKEN: 'once-lost'},
      judge: judgeLists,
    },
    {
      id: 'taken-out',
      title: 'An instance that is taken out of service gets no more requests',
      judges: 'counting',
      codes: ['STILL_USED'],
      settled: {STILL_USED: 'at-once'},
      judge: judgeRetired,
    },
    {
      id: 'writes-once',
      title: 'No write takes effect twice',
      judges: 'counting',
      codes: ['DUPLICATE_WRITES'],
      settled: {DUPLICATE_WRITES: 'at-once'},
      judge: judgeWrites,
    },
  ],
  wrong: [
    {
      name: 'refresh-only',
      task: 'death-survived',
      code: 'DEAD_ONE_ASKED',
      why: 'the registry knows who is there, so ask it often',
    },
    {
      name: 'failover-only',
      task: 'ejected',
      code: 'STILL_ASKED',
      why: 'every request finds its way in the end, so nobody looks at how',
    },
    {
      name: 'cached-for-ever',
      task: 'new-one-used',
      code: 'NEW_ONE_UNUSED',
      why: 'with ejection the dead one is no problem any more, so the list of the start will do',
    },
    {
      name: 'ask-each-time',
      task: 'outage-unfelt',
      code: 'OUTAGE_FELT',
      why: 'a cache is where stale data comes from',
    },
    {
      name: 'takes-empty',
      task: 'lists-doubted',
      code: 'EMPTY_TAKEN',
      why: 'the registry is the truth, and the truth is that nobody is there',
    },
    {
      name: 'by-heart',
      task: 'taken-out',
      code: 'STILL_USED',
      why: 'the names of the instances are in the runbook, and who is not there is found out by asking',
    },
    {
      name: 'resends-writes',
      task: 'writes-once',
      code: 'DUPLICATE_WRITES',
      why: 'another instance would have answered, so ask it: for reads that is right',
    },
  ],
});

async function readAccounts(tools: LabTools): Promise<Final> {
  const rows = await tools.sql<{name: string; count: number}>(
    'identity-db',
    'select name, count(*)::int as count from accounts group by name',
  );
  return {rows: Object.fromEntries(rows.map(({name, count}) => [name, count]))};
}

function whole({times}: Evidence): {readonly from: number; readonly to: number} {
  return {from: times.attackFrom, to: times.attackTo};
}

function seconds({from, to}: {readonly from: number; readonly to: number}): string {
  return ((to - from) / 1_000).toFixed(1);
}
