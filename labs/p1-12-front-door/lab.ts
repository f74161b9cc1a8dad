import {percentile} from '../../src/checkers/percentiles.ts';
import {defineLab} from '../../src/labs/lab.ts';
import {fail, pass, unlessBusy} from '../../src/labs/verdict.ts';
import {
  afterwards,
  before,
  type Evidence,
  isAccepted,
  isTold,
  of,
  secondsOf,
  stories,
  type Window,
  waits,
} from './evidence.ts';
import {judgeFlooder, judgeStoreDown} from './judges.ts';
import {attack, BURST, BURST_SHARE, calm, DOWN_AT_MS, DOWN_FOR_MS, RATE} from './traffic.ts';

const SERVED_SHARE = 0.995;
const BURST_SERVED_SHARE = 0.97;
const TOLD_SHARE = 0.99;

export default defineLab<undefined, null>({
  id: 'p1-12-front-door',
  title: 'The front door',
  phase: 1,
  weeks: [3, 4],
  objective: 'API design principles',
  concepts: ['API gateway'],
  minutes: 30,
  needs: ['p1-06-a-deadline'],
  replicas: {gateway: 2},
  seams: {gateway: {'rate-limit': 'rate-limit.ts'}},
  given: {gateway: {limits: 'limits.ts', 'upstream-policy': 'upstream-policy.ts'}},
  watch: "the flooder's requests that were accepted, at both gateways together",
  timescale: 'a store that is away for minutes is away for 5 s here',
  // A limiter that refuses the wrong ones does so from the beginning; that is for the judges to say.
  baseline: {load: tools => ({operations: calm(tools)}), okShareMin: 0.5},
  load: tools => ({operations: attack(tools), okMin: 200}),
  faults: () => [{kind: 'blackhole', target: 'gateway->broker', atMs: DOWN_AT_MS, forMs: DOWN_FOR_MS}],
  recovery: {withinMs: 10_000},
  final: async () => null,
  summary: evidence => {
    const window = before(evidence);
    const flood = of(evidence, 'flood', window);
    const others = [...of(evidence, 'steady', window), ...of(evidence, 'burst', window)];
    return [
      `One client sent ${flood.length} requests in ${secondsOf(window).toFixed(1)} s; its limit is ${RATE} a second and ${BURST} at once. ${flood.filter(isAccepted).length} were accepted, ${flood.filter(entry => isAccepted(entry) && entry.operation.facts?.gateway === 1).length} of them by gateway-1.`,
      `Of ${others.length} requests of clients within their limits ${others.filter(isAccepted).length} were served.`,
    ];
  },
  tasks: [
    {
      id: 'others-served',
      title: 'Clients within their limits are served, whichever gateway they come to',
      judges: 'counting',
      codes: ['OTHERS_REFUSED', 'OTHERS_FAILED'],
      settled: {OTHERS_REFUSED: 'once-lost', OTHERS_FAILED: 'once-lost'},
      judge: evidence => {
        const others = healthy(evidence).flatMap(window => [
          ...of(evidence, 'steady', window),
          ...of(evidence, 'burst', window),
        ]);
        const failed = others.filter(entry => !isAccepted(entry));
        const refused = failed.filter(({status}) => status === 429);
        const observed = `${others.length - failed.length} of ${others.length} requests of clients within their limits were served, ${refused.length} refused with 429`;
        const expected = `${SERVED_SHARE * 100} % of them are served`;
        if (others.length > 0 && failed.length <= (1 - SERVED_SHARE) * others.length) return pass(observed, expected);
        const code = refused.length > failed.length / 2 ? 'OTHERS_REFUSED' : 'OTHERS_FAILED';
        return judged(evidence, failed.length / others.length, code, observed, expected, stories(evidence, failed));
      },
    },
    {
      id: 'burst-granted',
      title: 'A client that was quiet may ask for its burst at once',
      judges: 'counting',
      codes: ['NO_BURST'],
      settled: {NO_BURST: 'once-lost'},
      judge: evidence => {
        const bursts = healthy(evidence).flatMap(window => of(evidence, 'burst', window));
        const failed = bursts.filter(entry => !isAccepted(entry));
        const observed = `${bursts.length - failed.length} of ${bursts.length} requests that came in bursts of ${BURST_SHARE * BURST} after seconds of quiet were served`;
        const expected = `${BURST_SERVED_SHARE * 100} % of them are: the limit allows ${BURST} at once`;
        if (bursts.length > 0 && failed.length <= (1 - BURST_SERVED_SHARE) * bursts.length)
          return pass(observed, expected);
        return judged(
          evidence,
          failed.length / bursts.length,
          'NO_BURST',
          observed,
          expected,
          stories(evidence, failed),
        );
      },
    },
    {
      id: 'flooder-held',
      title: 'The flooder gets its limit over both gateways together, no more and not much less',
      judges: 'counting',
      codes: ['TOO_MUCH_ACCEPTED', 'FLOODER_STARVED'],
      settled: {TOO_MUCH_ACCEPTED: 'at-once'},
      judge: judgeFlooder,
    },
    {
      id: 'excess-told',
      title: 'What is too much is answered 429, at once, with a Retry-After that is true',
      judges: 'counting',
      codes: ['NOT_429', 'BAD_RETRY_AFTER'],
      judge: evidence => {
        const excess = of(evidence, 'flood', before(evidence)).filter(entry => !isAccepted(entry));
        const expected = `${TOLD_SHARE * 100} % of what is not accepted is 429 problem+json within 1 s, with a Retry-After of at most ${MAX_RETRY_AFTER} s`;
        const untold = excess.filter(entry => !isTold(entry));
        const slow = percentile(waits(excess), TOLD_SHARE) ?? 0;
        const observed = `${excess.length - untold.length} of ${excess.length} were answered so`;
        if (excess.length === 0) return fail('NOT_429', 'nothing was refused', expected);
        if (untold.length > (1 - TOLD_SHARE) * excess.length)
          return judged(
            evidence,
            untold.length / excess.length,
            'NOT_429',
            observed,
            expected,
            stories(evidence, untold),
          );
        const wrong = excess.filter(
          entry => isTold(entry) && !(Number(entry.sends.at(-1)?.retryAfter) <= MAX_RETRY_AFTER),
        );
        if (wrong.length > (1 - TOLD_SHARE) * excess.length)
          return fail(
            'BAD_RETRY_AFTER',
            `${wrong.length} of ${excess.length} refusals name another time, such as ${wrong[0]?.sends.at(-1)?.retryAfter} s`,
            expected,
            stories(evidence, wrong),
          );
        return pass(`${observed}, 99 % of them within ${Math.round(slow)} ms`, expected);
      },
    },
    {
      id: 'store-down',
      title: 'While the store is away the front door stays open, and each gateway limits by itself',
      judges: 'counting',
      codes: ['FAILS_CLOSED', 'WAITS_FOR_STORE', 'FAILS_OPEN'],
      settled: {FAILS_CLOSED: 'once-lost', WAITS_FOR_STORE: 'once-lost', FAILS_OPEN: 'at-once'},
      judge: judgeStoreDown,
    },
  ],
  wrong: [
    {
      name: 'divided',
      task: 'others-served',
      code: 'OTHERS_REFUSED',
      why: 'half of the limit at each of two gateways adds up, as long as the balancer is fair',
    },
    {
      name: 'one-for-all',
      task: 'others-served',
      code: 'OTHERS_REFUSED',
      why: 'one counter protects what is behind, and needs no idea of a client',
    },
    {
      name: 'read-then-write',
      task: 'flooder-held',
      code: 'TOO_MUCH_ACCEPTED',
      why: 'get and put are what every store has',
    },
    {
      name: 'ban',
      task: 'flooder-held',
      code: 'FLOODER_STARVED',
      why: 'whoever floods is an attacker, so shut him out for a while',
    },
    {
      name: 'fixed-window',
      task: 'burst-granted',
      code: 'NO_BURST',
      why: 'a counter per second is two lines, and a rate is a number per second',
    },
    {
      name: 'fail-open',
      task: 'store-down',
      code: 'FAILS_OPEN',
      why: 'a limiter that is broken must not break the product',
    },
    {
      name: 'fail-closed',
      task: 'store-down',
      code: 'FAILS_CLOSED',
      why: 'what cannot be checked must not pass',
    },
    {
      name: 'waits-for-the-store',
      task: 'store-down',
      code: 'WAITS_FOR_STORE',
      why: 'the catch is there, and comes when the store has been silent for three seconds',
    },
  ],
});

/** The longest time, s, after which a bucket that is held at its limit has a token again; rounded up twice. */
const MAX_RETRY_AFTER = 3;

/** While the store is there, and has been for long enough that what came of its outage is over. */
function healthy(evidence: Evidence): readonly Window[] {
  return [before(evidence), afterwards(evidence)];
}

function judged(
  {control}: Evidence,
  badShare: number,
  code: string,
  observed: string,
  expected: string,
  evidence: readonly string[],
) {
  return unlessBusy(control.busy, 1 - badShare, fail(code, observed, expected, evidence));
}
