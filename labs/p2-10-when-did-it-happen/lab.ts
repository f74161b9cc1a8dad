import {defineLab} from '../../src/labs/lab.ts';
import {backlog, type Cast, setUpCast} from './cast.ts';
import {type Final, readCaughtUp, readFinal, wrongSeconds} from './evidence.ts';
import {holdPartition} from './hold.ts';
import {judgeFinal, judgeLate, judgeReplay, judgeSilence, judgeWindows} from './judges.ts';
import {afterwards, attackTraffic, calmTraffic, SCHEDULE} from './traffic.ts';

const BASELINE_MS = 2_000;
const PAUSED = 'stream-2';

export default defineLab<Cast, Final>({
  id: 'p2-10-when-did-it-happen',
  title: 'When did it happen?',
  phase: 2,
  weeks: [5, 6],
  objective: 'eventual consistency',
  concepts: ['message queues and event streams'],
  minutes: 40,
  needs: ['p2-07-once-in-effect'],
  replicas: {stream: 2},
  seams: {stream: {window: 'window.ts'}},
  given: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'seconds that differ from an offline count',
  setUp: setUpCast,
  baseline: {
    load: (tools, cast) => ({operations: calmTraffic(tools, cast, BASELINE_MS)}),
    okShareMin: 0.95,
  },
  load: (tools, cast) => ({operations: attackTraffic(tools, cast), okMin: 150}),
  faults: (tools, cast) => [
    // One replica is far from the database, so that it has partitions in hand when it freezes: those stay unread, the others do not.
    {
      kind: 'latency',
      target: `${PAUSED}->stream-db`,
      attributes: {latency: 60, jitter: 10},
      atMs: SCHEDULE.slowFrom,
      forMs: SCHEDULE.slowFor,
    },
    {kind: 'pause', target: PAUSED, atMs: SCHEDULE.pauseFrom, forMs: SCHEDULE.pauseFor},
    // Which ones, luck decides. The one that is behind is held in any case, until both go on: whoever is nearer to the broker is first.
    {
      kind: 'latency',
      target: 'stream->broker',
      attributes: {latency: 40},
      atMs: SCHEDULE.farFrom,
      forMs: SCHEDULE.holdBy - SCHEDULE.farFrom,
    },
    {
      kind: 'act',
      name: 'another member of the group takes the partition that is behind, and is slow with it',
      atMs: SCHEDULE.holdFrom,
      act: cut => holdPartition(tools, whenToHold(cast), cut),
    },
    // When everything was read: what is only in memory is gone.
    {kind: 'crash', target: 'stream', atMs: SCHEDULE.crashFrom, forMs: SCHEDULE.crashFor},
  ],
  recovery: {withinMs: 12_000, recovered: async tools => (await backlog(tools)) === 0},
  replay: (tools, cast) => ({operations: afterwards(tools, cast)}),
  glance: readCaughtUp,
  final: readFinal,
  summary: ({final}) => [
    `${final.log.length} events happened; consumers stalled, one partition was 20 s behind, and one fell silent.`,
    `${wrongSeconds(final.log, final.made).length} seconds differ from an offline count; ${final.made.late.length} events were put aside as late.`,
    `Read again from the beginning, ${wrongSeconds(final.log, final.again).length} seconds differ.`,
  ],
  tasks: [
    {
      id: 'windows-equal',
      title: 'Windows equal an offline count',
      judges: 'counting',
      codes: ['WRONG_WINDOW', 'EVENTS_MISSING'],
      settled: {WRONG_WINDOW: 'after-attack'},
      judge: judgeWindows,
    },
    {
      id: 'late-exact',
      title: 'What is too late is put aside, and nothing else',
      judges: 'counting',
      codes: ['ON_TIME_CALLED_LATE', 'LATE_COUNTED'],
      settled: {ON_TIME_CALLED_LATE: 'after-attack'},
      judge: judgeLate,
    },
    {
      id: 'silence',
      title: 'A silent partition does not stop the clock',
      judges: 'counting',
      codes: ['CLOCK_STANDS'],
      judge: judgeSilence,
    },
    {
      id: 'final-stays',
      title: 'A window that is final does not change',
      judges: 'counting',
      codes: ['FINAL_CHANGED', 'NEVER_FINAL'],
      judge: judgeFinal,
    },
    {
      id: 'replay-equal',
      title: 'A replay gives the same, bit for bit',
      judges: 'counting',
      codes: ['REPLAY_DIFFERS', 'REPLAY_FAILED'],
      judge: judgeReplay,
    },
  ],
  wrong: [
    {
      name: 'by-publication',
      task: 'windows-equal',
      code: 'WRONG_WINDOW',
      why: "the broker's time is always there, and always in order",
    },
    {
      name: 'never-late',
      task: 'late-exact',
      code: 'LATE_COUNTED',
      why: 'counting by event time is right, and so is counting everything, until somebody has read a window',
    },
    {
      name: 'fastest-partition',
      task: 'late-exact',
      code: 'ON_TIME_CALLED_LATE',
      why: 'the newest event of all says what time it is',
    },
    {
      name: 'wall-clock',
      task: 'late-exact',
      code: 'ON_TIME_CALLED_LATE',
      why: 'a window that ended 30 s ago is over, is it not?',
    },
    {
      name: 'waits-for-all',
      task: 'silence',
      code: 'CLOCK_STANDS',
      why: 'the least watermark is what the books say; that a partition may say nothing is on a later page',
    },
    {
      name: 'each-its-own-time',
      task: 'silence',
      code: 'CLOCK_STANDS',
      why: 'what is late for its own partition is late; why should it care for the others',
    },
    {
      name: 'in-memory',
      task: 'late-exact',
      code: 'LATE_COUNTED',
      why: 'a map beside the functions saves passing the state along',
    },
    {
      name: 'silent-is-idle',
      task: 'late-exact',
      code: 'ON_TIME_CALLED_LATE',
      why: 'nothing seen of it for 5 s; that nobody has read what it says is another matter',
    },
  ],
});

/** Asked when the hold begins, which tells when the attack did. */
function whenToHold({laggardPartition}: Cast): Parameters<typeof holdPartition>[1] {
  const {holdFrom, holdBy, holdTo} = SCHEDULE;
  const began = Date.now() - holdFrom;
  return {partition: laggardPartition, paused: PAUSED, getBy: began + holdBy, keepTo: began + holdTo};
}
