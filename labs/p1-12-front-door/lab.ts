import {defineLab} from '../../src/labs/lab.ts';
import {before, isAccepted, of, secondsOf} from './evidence.ts';
import {judgeBursts, judgeExcess, judgeFlooder, judgeOthers, judgeStoreDown} from './judges.ts';
import {attack, BURST, calm, DOWN_AT_MS, DOWN_FOR_MS, RATE} from './traffic.ts';

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
      judge: judgeOthers,
    },
    {
      id: 'burst-granted',
      title: 'A client that was quiet may ask for its burst at once',
      judges: 'counting',
      codes: ['NO_BURST'],
      settled: {NO_BURST: 'once-lost'},
      judge: judgeBursts,
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
      judge: judgeExcess,
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
