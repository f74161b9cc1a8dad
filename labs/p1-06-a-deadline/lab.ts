import {median} from '../../src/checkers/percentiles.ts';
import {defineLab} from '../../src/labs/lab.ts';
import {
  judgeDrip,
  judgeHang,
  judgeHealthy,
  judgeSecondTry,
  judgeSlow,
  judgeStarts,
  judgeUnderWay,
  lateness,
  windowOf,
  within,
} from './judges.ts';
import {attack, baseline, faults, type Setup, setUp, WINDOWS} from './traffic.ts';

export default defineLab<Setup, null>({
  id: 'p1-06-a-deadline',
  title: 'A deadline',
  phase: 1,
  weeks: [1, 2],
  objective: 'inter-service communication',
  concepts: ['API gateway'],
  minutes: 25,
  needs: ['p1-05-fewer-calls'],
  seams: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'how long requests take, in times of what their callers wait',
  timescale: `an upstream that hangs for 20 s hangs for ${WINDOWS.hang.forMs / 1_000} s here`,
  yourTests: {
    file: 'tests.ts',
    right: [
      {
        name: 'timer-of-its-own',
        why: 'it tries three times, with a pause of 5 ms before each further one, under a timer of its own',
      },
    ],
    wrong: [
      {name: 'only-in-order', code: 'TEST_MISSES', why: 'one tests what should happen, and few things that should not'},
      {
        name: 'one-caller',
        code: 'TEST_MISSES',
        why: 'one caller is as good as another, until a number suits just that one',
      },
      {
        name: 'as-the-reference-does',
        code: 'TEST_FAILS_ON_REFERENCE',
        why: 'what code does was written down, and not what was asked of it',
      },
    ],
  },
  setUp,
  baseline: {load: (tools, setup) => ({operations: baseline(tools.random, setup)}), okShareMin: 0},
  load: (tools, setup) => ({operations: attack(tools.random, setup)}),
  faults,
  recovery: {withinMs: 10_000},
  final: async () => null,
  summary: evidence => {
    const hung = within(evidence.attack, windowOf(evidence, 'hang'));
    const dripping = within(evidence.attack, windowOf(evidence, 'drip'));
    const times = (entries: typeof hung): string => (median(entries.map(lateness)) ?? 0).toFixed(1);
    return [
      `While stream hung, half of ${hung.length} requests took more than ${times(hung)} x the time that their callers wait.`,
      `While answers came drop by drop, half of ${dripping.length} took more than ${times(dripping)} x that time.`,
    ];
  },
  tasks: [
    {
      id: 'hang-in-time',
      title: 'While stream hangs, requests end when their callers stop waiting',
      judges: 'timing',
      codes: ['ENDS_LATE'],
      settled: {ENDS_LATE: 'once-lost'},
      judge: judgeHang,
    },
    {
      id: 'drip-in-time',
      title: 'So they do while an answer comes drop by drop',
      judges: 'timing',
      codes: ['BODY_DRIPS'],
      settled: {BODY_DRIPS: 'once-lost'},
      judge: judgeDrip,
    },
    {
      id: 'under-way-bounded',
      title: 'What nobody waits for is not under way any more',
      judges: 'timing',
      codes: ['REQUESTS_PILE_UP'],
      settled: {REQUESTS_PILE_UP: 'at-once'},
      judge: judgeUnderWay,
    },
    {
      id: 'nothing-starts-late',
      title: 'No request to stream begins after its caller has stopped waiting',
      judges: 'timing',
      codes: ['STARTS_LATE'],
      settled: {STARTS_LATE: 'at-once'},
      judge: judgeStarts,
    },
    {
      id: 'slow-is-served',
      title: 'Who waits long enough gets a slow answer',
      judges: 'timing',
      codes: ['GIVES_UP_EARLY'],
      settled: {GIVES_UP_EARLY: 'once-lost'},
      judge: judgeSlow,
    },
    {
      id: 'second-try',
      title: 'A read whose answer was lost is still sent again',
      judges: 'timing',
      codes: ['SECOND_TRY_GONE'],
      settled: {SECOND_TRY_GONE: 'at-once'},
      judge: judgeSecondTry,
    },
    {
      id: 'served-when-healthy',
      title: 'When all is well, everybody is served',
      judges: 'timing',
      codes: ['REFUSES_HEALTHY'],
      settled: {REFUSES_HEALTHY: 'at-once'},
      judge: judgeHealthy,
    },
  ],
  wrong: [
    {
      name: 'race-without-abort',
      task: 'under-way-bounded',
      code: 'REQUESTS_PILE_UP',
      why: 'a race with a timer is the usual timeout of a promise, and the caller does get its answer in time',
    },
    {
      name: 'until-the-head',
      task: 'drip-in-time',
      code: 'BODY_DRIPS',
      why: 'timers are cleared when the call returns, and it returns with the head of the answer',
    },
    {
      name: 'one-number-for-all',
      task: 'hang-in-time',
      code: 'ENDS_LATE',
      why: 'a timeout is a number in the configuration, and a second sounds reasonable',
    },
    {
      name: 'short-for-all',
      task: 'slow-is-served',
      code: 'GIVES_UP_EARLY',
      why: 'shorter than the most impatient caller is in time for everybody',
    },
    {
      name: 'each-try-anew',
      task: 'nothing-starts-late',
      code: 'STARTS_LATE',
      why: 'most retry helpers take a timeout per attempt',
    },
    {
      name: 'no-second-try',
      task: 'second-try',
      code: 'SECOND_TRY_GONE',
      why: 'without a second try there is nothing that could come too late',
    },
  ],
});
