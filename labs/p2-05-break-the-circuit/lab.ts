import {select} from '../../src/checkers/availability.ts';
import {signUp} from '../../src/labs/accounts.ts';
import {defineLab} from '../../src/labs/lab.ts';
import {baselineOf, HANG_AT_MS, HANG_FOR_MS, hang, p99Of, type Setup, toStream} from './evidence.ts';
import {judgeClosing, judgeHealthy, judgeOpening, judgeOthers, judgeOthersFast, judgeWrites} from './judges.ts';
import {traffic} from './traffic.ts';

const BASELINE_MS = 5_000;
const LOAD_MS = 26_000;

export default defineLab<Setup, null>({
  id: 'p2-05-break-the-circuit',
  title: 'Break the circuit',
  phase: 2,
  weeks: [7, 8],
  objective: 'circuit breakers and resilience',
  concepts: ['API gateway', 'health checks and recovery'],
  minutes: 35,
  needs: ['p1-06-a-deadline'],
  seams: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'requests to identity that succeed while stream hangs',
  timescale: "an outage of minutes is 12 s here; a breaker's pause of half a minute is a second or two",
  setUp: async tools => {
    return {token: (await signUp(tools, 'Grace')).token};
  },
  baseline: {
    load: (tools, setup) => ({operations: traffic(tools.random, setup, 'before', BASELINE_MS)}),
    okShareMin: 0.3,
  },
  load: (tools, setup) => ({operations: traffic(tools.random, setup, 'attack', LOAD_MS)}),
  faults: () => [{kind: 'pause', target: 'stream', atMs: HANG_AT_MS, forMs: HANG_FOR_MS}],
  recovery: {withinMs: 10_000},
  final: async () => null,
  summary: evidence => {
    const window = hang(evidence);
    const others = select(evidence.attack, {name: 'read-account', ...window});
    const ok = others.filter(entry => entry.outcome === 'ok');
    return [
      `stream hung for ${HANG_FOR_MS / 1000} s; identity was well. Of ${others.length} requests for identity's routes ${ok.length} succeeded meanwhile.`,
      `Their p99 was ${Math.round(p99Of(others))} ms; before the hang it was ${Math.round(p99Of(baselineOf(evidence, 'read-account')))} ms. stream got ${toStream(evidence, window).length} requests while it hung.`,
    ];
  },
  tasks: [
    {
      id: 'others-unharmed',
      title: 'Routes that do not need stream keep their success',
      judges: 'counting',
      codes: ['OTHERS_STARVED', 'OTHERS_REFUSED'],
      settled: {OTHERS_STARVED: 'once-lost', OTHERS_REFUSED: 'once-lost'},
      judge: judgeOthers,
    },
    {
      id: 'others-fast',
      title: 'And they stay fast',
      judges: 'timing',
      codes: ['OTHERS_SLOW'],
      settled: {OTHERS_SLOW: 'once-lost'},
      judge: judgeOthersFast,
    },
    {
      id: 'circuit-opens',
      title: 'The hung upstream is left alone within 5 s, but for one probe a second',
      judges: 'counting',
      codes: ['STILL_CALLING', 'PROBE_STAMPEDE'],
      settled: {STILL_CALLING: 'once-lost'},
      judge: judgeOpening,
    },
    {
      id: 'circuit-closes',
      title: 'Within 10 s of its recovery it is used again',
      judges: 'counting',
      codes: ['NOT_CLOSED'],
      settled: {NOT_CLOSED: 'once-lost'},
      judge: judgeClosing,
    },
    {
      id: 'writes-once',
      title: 'What is not safe to repeat is sent once',
      judges: 'counting',
      codes: ['UNSAFE_RETRY'],
      settled: {UNSAFE_RETRY: 'at-once'},
      judge: judgeWrites,
    },
    {
      id: 'works-when-healthy',
      title: 'While stream is well, it is used',
      judges: 'counting',
      codes: ['REFUSES_HEALTHY'],
      settled: {REFUSES_HEALTHY: 'at-once'},
      judge: judgeHealthy,
    },
  ],
  wrong: [
    {
      name: 'one-breaker-for-all',
      task: 'others-unharmed',
      code: 'OTHERS_REFUSED',
      why: 'a breaker in a shared client library is one line, and one breaker',
    },
    {
      name: 'shorter-timeout',
      task: 'circuit-opens',
      code: 'STILL_CALLING',
      why: 'a shorter timeout does free the sockets, and looks like the whole answer',
    },
    {
      name: 'retry-everything',
      task: 'writes-once',
      code: 'UNSAFE_RETRY',
      why: 'one more try hides most small failures, and doubles what took effect',
    },
    {name: 'stays-open', task: 'circuit-closes', code: 'NOT_CLOSED', why: 'a long pause protects the upstream well'},
    {
      name: 'refuse-everything',
      task: 'works-when-healthy',
      code: 'REFUSES_HEALTHY',
      why: 'taking the feature out ends the incident',
    },
    {
      name: 'probe-stampede',
      task: 'circuit-opens',
      code: 'PROBE_STAMPEDE',
      why: 'a half-open state that is only a time lets everybody through at that time',
    },
  ],
});
