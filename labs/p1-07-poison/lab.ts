import type {DeadLetter} from '../../services/kit/broker.ts';
import {type SignedIn, signUpMany} from '../../src/labs/accounts.ts';
import {ACTIVITY, type Effect, lagOf, published, readEffects, rewrites, settledTo} from '../../src/labs/activity.ts';
import {defineLab, type LabTools} from '../../src/labs/lab.ts';
import {classify, type Held, judgeGoesOn, judgeKept, judgeRedriven, judgeSkipped, PEACE_MS} from './judge.ts';
import {allowAll, letters, redriveAll, refuseKind, workedOff} from './operator.ts';
import {reports, unreadable} from './traffic.ts';

const ACCOUNTS = 6;
const PER_SECOND = 25;
const ACKNOWLEDGED = 200;
/** For a machine on which the kills take their time. */
const ATTACK_S_MAX = 30;
const UNREADABLE = 4;
const UNREADABLE_AT_PEACE = 2;
const UNSTORABLE = 5;

export interface Setup {
  readonly accounts: readonly SignedIn[];
  /** A kind of event that the database refuses. */
  readonly refusedKind: string;
  readonly rewrites: number;
}

export interface Final {
  /** What the broker holds. */
  readonly source: readonly Held[];
  readonly lag: number;
  /** How far the group is in each partition. */
  readonly positions: Readonly<Record<number, number>>;
  /** Before anything was tried again, and after everything was. */
  readonly lettersBefore: readonly DeadLetter[];
  readonly effectsBefore: readonly Effect[];
  readonly effectsAfter: readonly Effect[];
}

export default defineLab<Setup, Final>({
  id: 'p1-07-poison',
  title: 'Poison',
  phase: 1,
  weeks: [5, 6],
  objective: 'inter-service communication',
  concepts: ['message queues and event streams', 'health checks and recovery'],
  minutes: 30,
  needs: ['p2-07-once-in-effect'],
  replicas: {stream: 2},
  seams: {stream: {handler: 'handler.ts'}},
  watch: 'valid events without an effect',
  setUp: async tools => {
    const refusedKind = `kind-${tools.random.hex(6)}`;
    await refuseKind(tools, refusedKind);
    return {accounts: await signUpMany(tools, ACCOUNTS), refusedKind, rewrites: await rewrites(tools)};
  },
  baseline: {
    load: (tools, setup) => ({operations: reports(tools, setup, 'before', {count: 50, perSecond: PER_SECOND})}),
    okShareMin: 0.98,
  },
  load: (tools, setup) => {
    const unstorable = Array.from({length: UNSTORABLE}, (_, n) => tools.random.integer(15 + 35 * n, 40 + 35 * n));
    const count = PER_SECOND * ATTACK_S_MAX;
    return {
      operations: reports(tools, setup, 'attack', {count, perSecond: PER_SECOND, unstorable}),
      stopAfterOk: ACKNOWLEDGED,
      okMin: ACKNOWLEDGED,
    };
  },
  faults: (tools, setup) => [
    ...unreadable(tools, setup, UNREADABLE).map((messages, index) => ({
      kind: 'act' as const,
      name: 'another producer publishes three records, of which nobody can read the second',
      // Some while nothing else is wrong.
      atMs: index < UNREADABLE_AT_PEACE ? tools.random.integer(200, 500) : tools.random.integer(1_000, 11_000),
      act: async () => (await tools.broker()).publish(ACTIVITY, messages),
    })),
    // Before the kills: whoever has just started again may not have a partition yet, and what nobody handles cannot be given up on.
    {kind: 'refuse', target: 'stream->stream-db', atMs: PEACE_MS, forMs: 5_000},
    series('before_commit', 2, PEACE_MS + 5_300),
    series('before_ack', 1, PEACE_MS + 7_500),
  ],
  recovery: {withinMs: 10_000, recovered: async tools => (await lagOf(tools)) === 0},
  glance: async (tools, setup) => ({...(await read(tools, setup)), effectsAfter: []}),
  final: async (tools, setup) => {
    const before = await read(tools, setup);
    await allowAll(tools);
    await redriveAll(tools, before.lettersBefore);
    if (before.lettersBefore.length > 0) await workedOff(tools);
    return {...before, effectsAfter: (await readEffects(tools, setup.rewrites)).effects};
  },
  summary: ({final, events}) => {
    const poison = final.source.filter(({poison}) => poison !== undefined);
    const seen = new Set(final.effectsBefore.map(({message}) => message));
    const without = final.source.filter(({id, poison}) => poison === undefined && !seen.has(id));
    const kills = events.filter(event => event.type === 'crash-point').length;
    return [
      `${final.source.length} records were published, ${poison.length} of them poison; stream was killed ${kills} times, and its database was away for 5 s.`,
      `${without.length} valid events have no effect, ${final.lag} messages wait, ${final.lettersBefore.length} are dead letters.`,
    ];
  },
  tasks: [
    {
      id: 'nothing-skipped',
      title: 'Every valid event takes effect once',
      judges: 'counting',
      codes: ['VALID_BURIED', 'VALID_SKIPPED', 'EFFECT_TWICE'],
      settled: {VALID_BURIED: 'at-once', VALID_SKIPPED: 'at-once', EFFECT_TWICE: 'at-once'},
      judge: judgeSkipped,
    },
    {
      id: 'goes-on',
      title: 'No partition stands still behind poison',
      judges: 'counting',
      codes: ['STUCK', 'HELD_UP'],
      judge: judgeGoesOn,
    },
    {
      id: 'poison-kept',
      title: 'Poison is among the dead letters, with its position and the reason',
      judges: 'counting',
      codes: ['POISON_LOST', 'POISON_WITHOUT_REASON'],
      settled: {POISON_LOST: 'at-once', POISON_WITHOUT_REASON: 'at-once'},
      judge: judgeKept,
    },
    {
      id: 'redriven-once',
      title: 'What was put right and tried again takes effect once',
      judges: 'counting',
      codes: ['REDRIVE_LOST', 'REDRIVE_TWICE'],
      judge: judgeRedriven,
    },
  ],
  wrong: [
    {
      name: 'ack-on-exception',
      task: 'poison-kept',
      code: 'POISON_LOST',
      why: 'whatever throws must not hold up the others, and the log has it',
    },
    {
      name: 'catch-all',
      task: 'nothing-skipped',
      code: 'VALID_BURIED',
      why: 'a dead letter is a safe place for whatever goes wrong',
    },
    {
      name: 'five-attempts',
      task: 'nothing-skipped',
      code: 'VALID_BURIED',
      why: 'what has failed five times will fail the sixth time too, and it is how brokers are set up',
    },
    {
      name: 'patient-attempts',
      task: 'goes-on',
      code: 'HELD_UP',
      why: 'with enough attempts every outage is survived, so there were made enough of them',
    },
    {
      name: 'whole-batch',
      task: 'nothing-skipped',
      code: 'VALID_BURIED',
      why: 'the transaction failed as a whole, so the batch is given up on as a whole',
    },
    {
      name: 'endless-retry',
      task: 'goes-on',
      code: 'STUCK',
      why: 'nothing is ever lost by trying once more, with a longer pause each time',
    },
    {
      name: 'own-table',
      task: 'poison-kept',
      code: 'POISON_LOST',
      why: 'a table of bad records is easy to look at, and the message is out of the way',
    },
    {
      name: 'no-reason',
      task: 'poison-kept',
      code: 'POISON_WITHOUT_REASON',
      why: 'the record is kept, and why it is bad can be found out later',
    },
    {
      name: 'marked-as-handled',
      task: 'redriven-once',
      code: 'REDRIVE_LOST',
      why: 'a message that was given up on is handled too, so its id goes to the others',
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
    skipMax: 1,
  } as const;
}

/** In this order: what is settled by then is a dead letter or has its effect, or it was skipped. */
async function read(tools: LabTools, setup: Setup): Promise<Omit<Final, 'effectsAfter'>> {
  const positions = await settledTo(tools);
  const lag = (await lagOf(tools)) ?? 0;
  const lettersBefore = await letters(tools);
  const {effects: effectsBefore} = await readEffects(tools, setup.rewrites);
  const source = (await published(tools)).map(message => classify(message, setup.refusedKind));
  return {source, lag, positions, lettersBefore, effectsBefore};
}
