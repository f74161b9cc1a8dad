import {defineLab} from '../../src/labs/lab.ts';
import {judgeBodies, judgeCalls, judgeGap, judgeSlow, parametersOf, slowP95} from './judges.ts';
import {type Final, finalPages} from './page.ts';
import {answer, ask, parameters} from './parameters.ts';
import {type Setup, setUp} from './set-up.ts';
import {attack, baseline, faults} from './traffic.ts';

export default defineLab<Setup, Final>({
  id: 'p1-05-fewer-calls',
  title: 'Fewer calls',
  phase: 1,
  weeks: [1, 2],
  objective: 'inter-service communication',
  concepts: ['API gateway'],
  minutes: 20,
  needs: ['p1-01-one-or-many'],
  seams: {gateway: {'compose-alerts': 'compose.ts'}},
  given: {gateway: {'upstream-policy': 'upstream-policy.ts'}},
  watch: 'calls to the services per page',
  predict: {judges: 'timing', ask, answer, measure: slowP95},
  setUp,
  baseline: {
    load: (tools, setup) => ({operations: baseline(tools.random, setup, tools.drawn(parameters))}),
    okShareMin: 0,
  },
  load: (tools, setup) => ({operations: attack(tools.random, setup, tools.drawn(parameters))}),
  faults: tools => faults(tools.drawn(parameters)),
  recovery: {withinMs: 10_000},
  glance: async () => ({pages: []}),
  final: finalPages,
  summary: evidence => {
    const {alerts, hopMs} = parametersOf(evidence);
    return [
      `A page of ${alerts} alerts, each with the name of its account: ${judgeCalls(evidence).observed}.`,
      `With ${hopMs} ms more a call, 95 % of the pages took ${Math.round(slowP95(evidence) ?? 0)} ms or less. ${judgeGap(evidence).observed}.`,
    ];
  },
  tasks: [
    {
      id: 'few-calls',
      title: 'A page takes two calls at most',
      judges: 'counting',
      codes: ['TOO_MANY_CALLS'],
      settled: {TOO_MANY_CALLS: 'once-lost'},
      judge: judgeCalls,
    },
    {
      id: 'hops-do-not-add-up',
      title: 'Slow hops do not add up',
      judges: 'timing',
      codes: ['PAGE_ADDS_UP'],
      judge: judgeSlow,
    },
    {
      id: 'same-page',
      title: 'It is the same page as before',
      judges: 'counting',
      codes: ['WRONG_PAGE', 'STALE_NAMES', 'NAMES_LEAKED'],
      settled: {WRONG_PAGE: 'at-once', STALE_NAMES: 'at-once'},
      judge: judgeBodies,
    },
    {
      id: 'gap-named',
      title: 'Without identity the alerts are shown, and the gap is named',
      judges: 'counting',
      codes: ['PAGE_LOST', 'GAP_UNSAID'],
      settled: {PAGE_LOST: 'once-lost', GAP_UNSAID: 'at-once'},
      judge: judgeGap,
    },
  ],
  wrong: [
    {
      name: 'all-at-once',
      task: 'few-calls',
      code: 'TOO_MANY_CALLS',
      why: 'Promise.all makes the page fast, and the one who waits is the only one who is asked',
    },
    {
      name: 'by-position',
      task: 'same-page',
      code: 'WRONG_PAGE',
      why: 'it is right as long as every account is open and both services sort alike, which they do on every test machine',
    },
    {
      name: 'names-for-ever',
      task: 'same-page',
      code: 'STALE_NAMES',
      why: 'a cache takes fewer calls still, and names hardly ever change',
    },
    {
      name: 'one-page-for-all',
      task: 'same-page',
      code: 'NAMES_LEAKED',
      why: 'half a second is hardly old, and most pages are then made of no calls at all; who may see what is decided where the answer comes from',
    },
    {
      name: 'all-or-nothing',
      task: 'gap-named',
      code: 'PAGE_LOST',
      why: 'two calls are fast and the page is right; what happens when one of them fails is not on the list',
    },
    {
      name: 'gap-unsaid',
      task: 'gap-named',
      code: 'GAP_UNSAID',
      why: 'an empty name looks harmless, and nobody gets an error',
    },
  ],
});
