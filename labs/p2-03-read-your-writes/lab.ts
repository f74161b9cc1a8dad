import {signUp} from '../../src/labs/accounts.ts';
import {defineLab} from '../../src/labs/lab.ts';
import {backlog, type Final, lagOf, readFinal, readSoFar, readsOf, type Setup, showsOwn} from './evidence.ts';
import {judgeBackwards, judgeEqual, judgeOwnWrites, judgeSource, judgeStall, judgeWaits} from './judges.ts';
import {earlyShare, endOf, parameters} from './parameters.ts';
import {attackPairs, calmPairs, standstills} from './traffic.ts';

const ACCOUNTS = 12;
const BASELINE_MS = 2_500;
/** The question's own answer is this much to either side, in points. */
const SIDE = 12;
/** A read that waits less has come when the projection was going on again. */
const WAITS_MS = 150;

export default defineLab<Setup, Final>({
  id: 'p2-03-read-your-writes',
  title: 'Read your own writes',
  phase: 2,
  weeks: [5, 6],
  objective: 'eventual consistency',
  concepts: ['message queues and event streams', 'database strategy'],
  minutes: 35,
  needs: ['p2-07-once-in-effect'],
  replicas: {stream: 2},
  seams: {stream: {projection: 'projection.ts'}},
  given: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'reads that do not show their own write',
  predict: {
    judges: 'timing',
    ask: (random, moment) => {
      const drawn = parameters(random);
      const {longMs, everyMs, gapMs} = drawn;
      const what =
        moment === 'break'
          ? 'what share of these reads does not show the write'
          : `what share of these reads comes so early that they have to wait for the projection, for more than ${WAITS_MS} ms`;
      return {
        kind: 'interval',
        unit: '%',
        widthMax: 25,
        text: `The projection stands still for ${longMs} ms of every ${everyMs} ms. Clients write at any time, and read ${gapMs} ms after their write was taken: ${what}?`,
      };
    },
    answer: random => {
      const share = earlyShare(parameters(random));
      return {low: share - SIDE, high: share + SIDE};
    },
    measure: (evidence, moment) => {
      const first = readsOf(evidence).filter(({entry}) => entry.name === 'long-read');
      const counted = moment === 'break' ? first.filter(({items}) => items !== undefined) : first;
      if (counted.length === 0) return undefined;
      const hits = counted.filter(read => (moment === 'break' ? !showsOwn(read) : lagOf(read) > WAITS_MS));
      return (hits.length / counted.length) * 100;
    },
  },
  setUp: async tools => ({
    accounts: await Promise.all(Array.from({length: ACCOUNTS}, () => signUp(tools, `writer ${tools.random.hex(8)}`))),
  }),
  baseline: {
    load: (tools, {accounts}) => ({operations: calmPairs(tools, accounts, BASELINE_MS)}),
    okShareMin: 0.95,
  },
  load: (tools, {accounts}) => ({operations: attackPairs(tools, accounts, tools.drawn(parameters)), okMin: 300}),
  faults: tools => {
    const drawn = tools.drawn(parameters);
    const forMs = endOf(drawn) - 500;
    return [
      {kind: 'redeliver', target: 'stream', attributes: {share: 0.2}, atMs: 0, forMs},
      {kind: 'reorder', target: 'stream', attributes: {window: 8}, atMs: 0, forMs},
      ...standstills(tools, drawn),
    ];
  },
  recovery: {withinMs: 8_000, recovered: async tools => (await backlog(tools)) === 0},
  glance: readSoFar,
  final: readFinal,
  summary: evidence => {
    const reads = readsOf(evidence);
    const shown = reads.filter(({items}) => items !== undefined);
    const stale = shown.filter(read => !showsOwn(read));
    return [
      `${shown.length} reads were answered, each by a client that had just written; the projection stood still again and again, for up to 4 s.`,
      `${stale.length} of them did not show the client's own write.`,
    ];
  },
  tasks: [
    {
      id: 'own-writes',
      title: 'Who has written sees it',
      judges: 'counting',
      codes: ['STALE_READ', 'READS_REFUSED'],
      settled: {STALE_READ: 'at-once', READS_REFUSED: 'once-lost'},
      judge: judgeOwnWrites,
    },
    {
      id: 'own-lag',
      title: 'A read waits for its own write and no longer',
      judges: 'timing',
      codes: ['WAITS_TOO_LONG'],
      settled: {WAITS_TOO_LONG: 'once-lost'},
      judge: judgeWaits,
    },
    {
      id: 'never-backwards',
      title: 'Nobody is shown less than before',
      judges: 'counting',
      codes: ['WENT_BACKWARDS'],
      settled: {WENT_BACKWARDS: 'at-once'},
      judge: judgeBackwards,
    },
    {
      id: 'from-the-projection',
      title: 'Reads are answered from the projection',
      judges: 'counting',
      codes: ['FROM_THE_WRITE_SIDE', 'NOT_THE_PROJECTION'],
      settled: {FROM_THE_WRITE_SIDE: 'once-lost', NOT_THE_PROJECTION: 'once-lost'},
      judge: judgeSource,
    },
    {
      id: 'bounded',
      title: 'A projection that stands still holds nobody up for ever',
      judges: 'timing',
      codes: ['HELD_UP'],
      settled: {HELD_UP: 'at-once'},
      judge: judgeStall,
    },
    {
      id: 'equal-after',
      title: 'Afterwards, and after a rebuild, everybody reads what was written',
      judges: 'counting',
      codes: ['DIFFERS'],
      judge: judgeEqual,
    },
  ],
  wrong: [
    {
      name: 'sleep-a-second',
      task: 'own-writes',
      code: 'STALE_READ',
      why: 'a second is longer than the lag that anybody has seen so far',
    },
    {
      name: 'sleep-long-enough',
      task: 'own-lag',
      code: 'WAITS_TOO_LONG',
      why: 'then two seconds, for everybody, always',
    },
    {
      name: 'from-the-write-side',
      task: 'from-the-projection',
      code: 'FROM_THE_WRITE_SIDE',
      why: 'what the broker has is always fresh, so why read anything else',
    },
    {
      name: 'fresh-once',
      task: 'never-backwards',
      code: 'WENT_BACKWARDS',
      why: 'the first read after a write is the one that people complain about',
    },
    {
      name: 'in-this-process',
      task: 'own-writes',
      code: 'STALE_READ',
      why: 'a map of who wrote what, which no other replica has',
    },
    {
      name: 'in-the-position',
      task: 'from-the-projection',
      code: 'NOT_THE_PROJECTION',
      why: 'the client knows what it wrote, so show it that, on top of whatever there is',
    },
    {
      name: 'wait-for-ever',
      task: 'bounded',
      code: 'HELD_UP',
      why: 'projections catch up; until the day on which one does not',
    },
    {
      name: 'then-stale-after-all',
      task: 'own-writes',
      code: 'STALE_READ',
      why: 'an old page is better than none, and nobody will notice',
    },
    {
      name: 'never-here-yet',
      task: 'own-writes',
      code: 'READS_REFUSED',
      why: 'let clients ask again: whose waiting is it anyway',
    },
  ],
});
