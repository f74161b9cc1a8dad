import {select} from '../../src/checkers/availability.ts';
import {defineLab} from '../../src/labs/lab.ts';
import {
  CLOSED_COUNTS_MS,
  callsToIdentity,
  judgeCalls,
  judgeEnded,
  judgeForged,
  judgeGood,
  judgeOutage,
  outage,
} from './judges.ts';
import {type Setup, setUp} from './set-up.ts';
import {attack, baseline, OUTAGE_AT_MS, OUTAGE_FOR_MS} from './traffic.ts';

export default defineLab<Setup, null>({
  id: 'p1-02-draw-the-boundary',
  title: 'Draw the boundary',
  phase: 1,
  weeks: [1, 2],
  objective: 'service decomposition',
  concepts: ['service boundaries and decomposition'],
  minutes: 30,
  needs: ['p1-01-one-or-many'],
  seams: {gateway: {auth: 'auth.ts'}},
  watch: 'requests with good tokens that succeed while identity is away',
  timescale: `an outage of half a minute is ${OUTAGE_FOR_MS / 1_000} s here, and so is the half minute for which the token of a session that is over may still count`,
  setUp,
  baseline: {load: (tools, setup) => ({operations: baseline(tools.random, setup)}), okShareMin: 0},
  load: (tools, setup) => ({operations: attack(tools.random, setup)}),
  faults: () => [{kind: 'crash', target: 'identity', atMs: OUTAGE_AT_MS, forMs: OUTAGE_FOR_MS}],
  recovery: {withinMs: 10_000},
  final: async () => null,
  summary: evidence => {
    const reads = select(evidence.attack, {name: 'read', ...outage(evidence)});
    const ok = reads.filter(({outcome}) => outcome === 'ok');
    return [
      `identity was away for ${OUTAGE_FOR_MS / 1_000} s; stream was well. Of ${reads.length} requests for stream, all with good tokens, ${ok.length} succeeded meanwhile.`,
      `For ${evidence.attack.length} requests the gateway asked identity ${callsToIdentity(evidence).length} times, while it was there.`,
    ];
  },
  tasks: [
    {
      id: 'outage-survived',
      title: 'Good tokens are good while identity is away',
      judges: 'counting',
      codes: ['BOUND_TO_IDENTITY', 'FRESH_TOKENS_REFUSED'],
      settled: {BOUND_TO_IDENTITY: 'once-lost', FRESH_TOKENS_REFUSED: 'once-lost'},
      judge: judgeOutage,
    },
    {
      id: 'identity-left-alone',
      title: 'Identity is asked at most twice per 1000 requests',
      judges: 'counting',
      codes: ['ASKS_EACH_TIME', 'ASKS_PER_TOKEN', 'ASKS_OFTEN'],
      settled: {ASKS_EACH_TIME: 'once-lost', ASKS_PER_TOKEN: 'once-lost', ASKS_OFTEN: 'once-lost'},
      judge: judgeCalls,
    },
    {
      id: 'forged-refused',
      title: 'Forged tokens never get past the gateway',
      judges: 'counting',
      codes: ['FORGERY_ACCEPTED'],
      settled: {FORGERY_ACCEPTED: 'at-once'},
      judge: judgeForged,
    },
    {
      id: 'ended-refused',
      title: `The token of a session that is over counts for ${CLOSED_COUNTS_MS / 1_000} s at most`,
      judges: 'counting',
      codes: ['ENDED_STILL_GOOD', 'GOOD_TOKEN_REFUSED'],
      settled: {ENDED_STILL_GOOD: 'at-once'},
      judge: judgeEnded,
    },
    {
      id: 'good-served',
      title: 'Good tokens are good while identity is there',
      judges: 'counting',
      codes: ['GOOD_TOKEN_REFUSED'],
      judge: judgeGood,
    },
  ],
  wrong: [
    {
      name: 'cached-introspection',
      task: 'outage-survived',
      code: 'FRESH_TOKENS_REFUSED',
      why: 'a cache in front of the call is what one adds to every call, and yesterday it was enough',
    },
    {
      name: 'fail-open',
      task: 'forged-refused',
      code: 'FORGERY_ACCEPTED',
      why: 'letting people in during an outage is kinder than turning them away',
    },
    {
      name: 'keys-for-ever',
      task: 'ended-refused',
      code: 'ENDED_STILL_GOOD',
      why: 'public keys hardly ever change, so they are fetched at start',
    },
    {
      name: 'watches-the-door',
      task: 'ended-refused',
      code: 'ENDED_STILL_GOOD',
      why: 'on one gateway, with one way to end a session, it is exact and costs no call',
    },
    {
      name: 'remembered-tokens',
      task: 'ended-refused',
      code: 'ENDED_STILL_GOOD',
      why: 'a signature is the dearest thing that a gateway does per request, so what was good is remembered',
    },
    {
      name: 'asked-afterwards',
      task: 'identity-left-alone',
      code: 'ASKS_PER_TOKEN',
      why: 'a question beside the request costs its caller nothing',
    },
    {
      name: 'keys-every-second',
      task: 'identity-left-alone',
      code: 'ASKS_OFTEN',
      why: 'fresher is safer, and a second looks modest on one gateway',
    },
    {
      name: 'stale-keys-refused',
      task: 'outage-survived',
      code: 'BOUND_TO_IDENTITY',
      why: 'a cache with an expiry is the textbook cache; when it cannot be filled again, nobody gets in',
    },
  ],
});
