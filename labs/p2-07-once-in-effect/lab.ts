import {compareEffects} from '../../src/checkers/effects.ts';
import {type SignedIn, signUpMany} from '../../src/labs/accounts.ts';
import {
  ACTIVITY,
  type Effects,
  GROUP,
  lagOf,
  published,
  readEffects,
  rewrites,
  settledTo,
} from '../../src/labs/activity.ts';
import {defineLab, type LabTools} from '../../src/labs/lab.ts';
import {isAlike, judgeEquals, judgeMissing, judgeTogether, judgeTwice, type Source} from './judge.ts';
import {letMonthPass} from './month.ts';
import {reports} from './traffic.ts';

const ACCOUNTS = 6;
const PER_SECOND = 25;
const ACKNOWLEDGED = 240;
/** For a machine on which the kills take their time. */
const ATTACK_S_MAX = 45;

export interface Setup {
  readonly accounts: readonly SignedIn[];
  readonly rewrites: number;
}

export interface Final extends Effects {
  /** What the broker holds. In the midst of the run: what of it the group has settled. */
  readonly source: readonly Source[];
}

export default defineLab<Setup, Final>({
  id: 'p2-07-once-in-effect',
  title: 'Once in effect',
  phase: 2,
  weeks: [5, 6],
  objective: 'eventual consistency',
  concepts: ['message queues and event streams', 'database strategy'],
  minutes: 30,
  needs: ['p1-03-rest-that-lasts'],
  replicas: {stream: 2},
  seams: {stream: {handler: 'handler.ts'}},
  watch: 'effects per event',
  yourTests: {
    file: 'tests.ts',
    node: 'stream-db',
    right: [{name: 'one-by-one', why: 'it has a transaction for each message, and a table of its own'}],
    wrong: [
      {
        name: 'no-death',
        code: 'TEST_MISSES',
        why: 'a redelivery is easy to play, and the death that it comes from is not thought of',
      },
      {
        name: 'same-batch-again',
        code: 'TEST_MISSES',
        why: 'one repeats what one has, in the same process, the same batch, the same minute',
      },
    ],
  },
  setUp: async tools => ({
    accounts: await signUpMany(tools, ACCOUNTS),
    rewrites: await rewrites(tools),
  }),
  baseline: {
    load: (tools, setup) => ({operations: reports(tools, setup, 'before', {count: 50, perSecond: PER_SECOND})}),
    okShareMin: 0.98,
  },
  load: (tools, setup) => ({
    operations: reports(tools, setup, 'attack', {count: PER_SECOND * ATTACK_S_MAX, perSecond: PER_SECOND}),
    stopAfterOk: ACKNOWLEDGED,
    okMin: ACKNOWLEDGED,
  }),
  faults: tools => [
    series('before_commit', 3, 500),
    series('after_commit_before_publish', 3, 1_000),
    series('before_ack', 2, 1_500),
    setBack(tools, 4_000, 'the group is set back to the beginning: everything is delivered again', async () => 0),
    setBack(tools, 7_000, 'the group is set back into the midst of what came together', () => betweenTwins(tools)),
    {
      kind: 'act',
      name: 'a month passes for what is stored, and everything is delivered again',
      atMs: 9_500,
      act: async () => {
        await letMonthPass(tools);
        await (await tools.broker()).seek(ACTIVITY, GROUP, 0);
      },
    },
  ],
  recovery: {withinMs: 10_000, recovered: async tools => (await lagOf(tools)) === 0},
  glance: async (tools, setup) => {
    const settled = await settledTo(tools);
    const source = (await published(tools)).filter(({partition, position}) => position <= (settled[partition] ?? 0));
    return {...(await readEffects(tools, setup.rewrites)), source};
  },
  final: async (tools, setup) => ({
    ...(await readEffects(tools, setup.rewrites)),
    source: (await published(tools)).map(({id, data}) => ({id, data})),
  }),
  summary: ({final, events}) => {
    const ids = new Set(final.source.map(({id}) => id));
    const {missing, duplicated} = compareEffects(
      ids,
      final.effects.map(({message}) => message),
    );
    const kills = events.filter(event => event.type === 'crash-point').length;
    return [
      `${ids.size} events were published; stream was killed ${kills} times, and the group was set back 3 times.`,
      `They took effect ${final.effects.length} times: ${duplicated.length} events more than once, ${missing.length} never.`,
    ];
  },
  tasks: [
    {
      id: 'nothing-twice',
      title: 'No event takes effect twice',
      judges: 'counting',
      codes: ['EFFECT_TWICE', 'EFFECTS_REWRITTEN'],
      settled: {EFFECT_TWICE: 'at-once', EFFECTS_REWRITTEN: 'at-once'},
      judge: judgeTwice,
    },
    {
      id: 'nothing-missing',
      title: 'Every event takes effect',
      judges: 'counting',
      codes: ['EFFECT_MISSING'],
      settled: {EFFECT_MISSING: 'at-once'},
      judge: judgeMissing,
    },
    {
      id: 'equals-count',
      title: 'Two events that say the same both count',
      judges: 'counting',
      codes: ['EQUALS_MERGED'],
      settled: {EQUALS_MERGED: 'at-once'},
      judge: judgeEquals,
    },
    {
      id: 'one-transaction',
      title: 'An effect and the position in its partition are one transaction',
      judges: 'counting',
      codes: ['POSITION_APART'],
      settled: {POSITION_APART: 'at-once'},
      judge: judgeTogether,
    },
  ],
  wrong: [
    {
      name: 'payload-hash',
      task: 'equals-count',
      code: 'EQUALS_MERGED',
      why: 'what says the same looks like the same event, and a hash of it needs nobody to hand out ids',
    },
    {
      name: 'longer-window',
      task: 'nothing-twice',
      code: 'EFFECT_TWICE',
      why: 'a day is longer than any retry that anybody has seen so far',
    },
    {
      name: 'window-in-numbers',
      task: 'nothing-twice',
      code: 'EFFECT_TWICE',
      why: 'the table has to stay small, and a clean-up job is what one writes then',
    },
    {
      name: 'in-memory',
      task: 'nothing-twice',
      code: 'EFFECT_TWICE',
      why: 'a set of ids without a window forgets nothing, as long as the process lives and is the only one',
    },
    {
      name: 'mark-after',
      task: 'nothing-twice',
      code: 'EFFECT_TWICE',
      why: 'looking, doing and writing down look like one thing when nothing dies in between',
    },
    {
      name: 'mark-first',
      task: 'nothing-missing',
      code: 'EFFECT_MISSING',
      why: 'an id that is written down before the work cannot be worked on twice',
    },
    {
      name: 'batch-as-one',
      task: 'nothing-twice',
      code: 'EFFECT_TWICE',
      why: 'one row for each batch is so much cheaper than one for each message',
    },
    {
      name: 'position-apart',
      task: 'one-transaction',
      code: 'POSITION_APART',
      why: 'the ids already see to it that nothing counts twice, so the position seems to be bookkeeping',
    },
  ],
});

function series(point: string, times: number, fromMs: number) {
  return {
    kind: 'crash-points',
    service: 'stream',
    points: [point],
    times,
    fromMs,
    sinceReadyMs: 500,
    skipMax: 2,
  } as const;
}

/** A position between two events that came as one report: from there on, batches are cut otherwise than before. */
async function betweenTwins(tools: LabTools): Promise<number> {
  const all = await published(tools);
  const first = all.find((one, index) => {
    const next = all[index + 1];
    return next !== undefined && next.partition === one.partition && isAlike(one, next);
  });
  return first?.position ?? 0;
}

function setBack(tools: LabTools, atMs: number, name: string, to: () => Promise<number>) {
  return {
    kind: 'act',
    name,
    atMs,
    act: async () => (await tools.broker()).seek(ACTIVITY, GROUP, await to()),
  } as const;
}
