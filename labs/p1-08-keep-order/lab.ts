import {type SignedIn, signUpMany} from '../../src/labs/accounts.ts';
import {type Effect, lagOf, published, readEffects, rewrites, settledTo} from '../../src/labs/activity.ts';
import {defineLab, type LabTools} from '../../src/labs/lab.ts';
import {
  inversions,
  judgeDeliveries,
  judgeEach,
  judgeOrder,
  judgeThroughput,
  type Reported,
  throughput,
} from './judge.ts';
import {spreadEvenly} from './spread.ts';
import {reports} from './traffic.ts';

/** Of which those are used that spread evenly. */
const ACCOUNTS = 20;
const CONSUMERS = 4;
const REPORTS = 64;
const PER_SECOND = 16;
const EVENTS = 5;
const WORK_MS = 90;

export interface Setup {
  readonly accounts: readonly SignedIn[];
  readonly rewrites: number;
}

export interface Final {
  /** What the broker holds of the attack, in order of publication. */
  readonly source: readonly Reported[];
  /** How far the group is in each partition. */
  readonly positions: Readonly<Record<number, number>>;
  readonly effects: readonly Effect[];
  /** Messages that came to the handler, as often as they came. */
  readonly attempts: readonly string[];
}

export default defineLab<Setup, Final>({
  id: 'p1-08-keep-order',
  title: 'Keep order',
  phase: 1,
  weeks: [5, 6],
  objective: 'inter-service communication',
  concepts: ['message queues and event streams'],
  minutes: 35,
  needs: ['p1-07-poison'],
  replicas: {stream: CONSUMERS},
  seams: {stream: {partition: 'partition.ts'}},
  given: {stream: {handler: 'handler.ts', subscription: 'subscription.ts'}},
  watch: 'events that overtook an earlier one',
  setUp: async tools => ({
    accounts: await spreadEvenly(tools, await signUpMany(tools, ACCOUNTS)),
    rewrites: await rewrites(tools),
  }),
  baseline: {
    load: (tools, setup) => ({
      operations: reports(tools, setup, 'before', {count: 40, perSecond: 20, events: 1, workMs: 10}),
    }),
    okShareMin: 0.98,
  },
  load: (tools, setup) => ({
    operations: reports(tools, setup, 'attack', {
      count: REPORTS,
      perSecond: PER_SECOND,
      events: EVENTS,
      workMs: WORK_MS,
    }),
    okMin: Math.round(REPORTS * 0.9),
  }),
  faults: tools => [
    {
      kind: 'crash',
      target: `stream-${tools.random.integer(1, CONSUMERS)}`,
      atMs: tools.random.integer(1_500, 2_500),
      forMs: 6_000,
    },
  ],
  recovery: {withinMs: 15_000, recovered: async tools => (await lagOf(tools)) === 0},
  glance: read,
  final: read,
  summary: ({final}) => {
    const {perSecond, one} = throughput(final);
    return [
      `${final.source.length} events of ${accountsOf(final)} accounts were worked off by ${CONSUMERS} consumers, of which one was killed.`,
      `${inversions(final).length} of them overtook an earlier one of their account; ${perSecond.toFixed(0)} a second, where one consumer does ${one.toFixed(0)}.`,
    ];
  },
  tasks: [
    {
      id: 'in-order',
      title: "No account's events overtake each other",
      judges: 'counting',
      codes: ['INVERSIONS'],
      settled: {INVERSIONS: 'at-once'},
      judge: judgeOrder,
    },
    {
      id: 'each-of-them',
      title: 'Every event takes effect, the late ones too',
      judges: 'counting',
      codes: ['EVENTS_MISSING'],
      judge: judgeEach,
    },
    {
      id: 'delivered-once',
      title: 'Messages are delivered 1.05 times each at most',
      judges: 'timing',
      codes: ['DELIVERED_AGAIN'],
      judge: judgeDeliveries,
    },
    {
      id: 'faster-than-one',
      title: 'Four consumers do at least twice the work of one',
      judges: 'timing',
      codes: ['TOO_SLOW'],
      judge: judgeThroughput,
    },
  ],
  wrong: [
    {
      name: 'one-partition',
      task: 'faster-than-one',
      code: 'TOO_SLOW',
      why: 'what goes through one door stays in order, and it is one line',
    },
    {
      name: 'mutex',
      task: 'in-order',
      code: 'INVERSIONS',
      why: 'a lock for each account keeps its events apart, in every test with one process',
    },
    {
      name: 'drop-stale',
      task: 'each-of-them',
      code: 'EVENTS_MISSING',
      why: 'where only the latest version counts, an older one that comes late can be left out',
    },
    {
      name: 'all-at-once',
      task: 'in-order',
      code: 'INVERSIONS',
      why: 'the key is right, so the broker has seen to the order, and a batch is faster in parallel',
    },
    {
      name: 'key-by-kind',
      task: 'in-order',
      code: 'INVERSIONS',
      why: 'events are keyed by what they are, because that is how consumers are organised',
    },
    {
      name: 'no-extension',
      task: 'delivered-once',
      code: 'DELIVERED_AGAIN',
      why: 'one after the other is right, and nobody looked at how long a batch may take',
    },
    {
      name: 'ack-first',
      task: 'each-of-them',
      code: 'EVENTS_MISSING',
      why: 'an acknowledgement at once and the work behind it: no ack wait is ever too short',
    },
  ],
});

function accountsOf({source}: Final): number {
  return new Set(source.map(({account}) => account)).size;
}

function isOfAttack(id: string): boolean {
  return id.includes('/attack-');
}

async function read(tools: LabTools, setup: Setup): Promise<Final> {
  const positions = await settledTo(tools);
  const attempts = await tools.sql<{message_id: string}>('stream-db', 'select message_id from attempts order by seq');
  const {effects} = await readEffects(tools, setup.rewrites);
  const source = (await published(tools)).map(({id, partition, position, data}) => {
    const {account, kind} = data as {account: string; kind: string};
    return {id, partition, position, account, workMs: Number(kind.slice('work-'.length))};
  });
  return {
    source: source.filter(({id}) => isOfAttack(id)),
    positions,
    effects: effects.filter(({message}) => isOfAttack(message)),
    attempts: attempts.map(row => row.message_id).filter(isOfAttack),
  };
}
