import {availability, longestGapMs} from '../../src/checkers/availability.ts';
import {defineLab, type LabTools} from '../../src/labs/lab.ts';
import {drawn} from '../../src/labs/predict/draw.ts';
import type {Random} from '../../src/random.ts';
import type {ModuleName} from '../../src/topology/modules.ts';
import {callsPerJourney, type Final, halfAccounts, needlessly, outages, type Setup} from './evidence.ts';
import {
  CALLS_PER_JOURNEY_MAX,
  judgeChanges,
  judgeDatabases,
  judgeFewCalls,
  judgeGoesOn,
  judgeWhole,
  OK_SHARE_MIN,
} from './judges.ts';
import {attackMs, EDGE_MS, faultsOn, LAST_FOR_MS} from './script.ts';
import {setUp} from './set-up.ts';
import {CULPRITS, killsOf, processWith} from './split.ts';
import {CALLS, JOURNEYS_PER_SECOND, journeys, TEXT_OF} from './traffic.ts';

const BASELINE_MS = 3_000;
/** Longer than anybody waits for the answer to the call that sets a quota. */
const ON_ITS_WAY_S = 5;
/** How exact a prediction of an outage has to be. */
const SIGN_IN_WIDTH_MS = 3_000;

const parameters = (random: Random) => ({module: random.pick(CULPRITS), downMs: random.pick([1_000, 1_400, 1_800])});

export default defineLab<Setup, Final>({
  id: 'p1-01-one-or-many',
  title: 'One or many',
  phase: 1,
  weeks: [1, 2],
  objective: 'service decomposition',
  concepts: ['service boundaries and decomposition', 'database strategy'],
  minutes: 20,
  needs: ['p0-00-first-break'],
  topology: {boundaries: 'boundaries.yaml'},
  seams: {},
  watch: 'calls that failed and need not have',
  setUp,
  baseline: {
    load: (tools, {people}) => ({operations: journeys(tools.random, people, BASELINE_MS)}),
    okShareMin: 0.97,
  },
  load: (tools, {people, processes}) => ({operations: journeys(tools.random, people, attackMs(processes))}),
  faults: (tools, {processes}) => faultsOn(processes, tools.drawn(parameters).downMs),
  recovery: {withinMs: 15_000},
  // An account that was opened just now may be on its way to its quota.
  glance: (tools, setup) => readIds(tools, setup, `created_at < now() - interval '${ON_ITS_WAY_S} s'`),
  final: (tools, setup) => readIds(tools, setup, 'true'),
  predict: {
    judges: 'timing',
    ask: (random, moment) => {
      const {module, downMs} = parameters(random);
      const what = `A bug in the module ${module} takes its process down for ${downMs} ms`;
      if (moment === 'break')
        return {
          kind: 'interval',
          unit: 'ms',
          widthMax: SIGN_IN_WIDTH_MS,
          text: `${what}. For how long will nobody get an answer to a sign-in? (A gap of ${1_000 / JOURNEYS_PER_SECOND} ms is none.)`,
        };
      return {
        kind: 'choices',
        text: `${what}. Which calls fail meanwhile?`,
        options: Object.keys(CALLS).map(id => ({id, text: TEXT_OF[id] ?? id})),
      };
    },
    answer: (random, moment) => {
      const {module, downMs} = parameters(random);
      // Whatever the module is: in the monolith it takes everybody along, and starting again takes its time too.
      if (moment === 'break') return {low: downMs + 500, high: downMs + 500 + SIGN_IN_WIDTH_MS};
      return Object.keys(CALLS).filter(name => CALLS[name]?.includes(module));
    },
    measure: (evidence, moment) => {
      const {module} = drawn(evidence.seed, parameters);
      const all = outages(evidence);
      const index = all.findIndex(({kill}) => kill.module === module);
      const outage = all[index];
      if (outage === undefined) return undefined;
      if (moment === 'break')
        return longestGapMs(evidence.attack, {
          name: 'sign-in',
          from: outage.from - EDGE_MS,
          to: (all[index + 1]?.from ?? outage.from + LAST_FOR_MS) - 2 * EDGE_MS,
        });
      return Object.keys(CALLS).filter(name => (availability(outage.entries, {name}).share ?? 0) < OK_SHARE_MIN);
    },
  },
  summary: evidence => {
    const {processes} = evidence.setup;
    const lost = outages(evidence).flatMap(needlessly);
    return [
      `${processes.length === 1 ? 'One process' : `${processes.length} processes`}, ${killsOf(processes).length} crashes: ${lost.length} calls failed that did not need what had crashed.`,
      `A journey makes ${callsPerJourney(evidence).toFixed(1)} calls between processes; ${halfAccounts(evidence.final).length} of ${evidence.final.accounts.length} accounts have no quota.`,
    ];
  },
  tasks: [
    {
      id: 'goes-on',
      title: 'What does not need what crashed goes on',
      judges: 'counting',
      codes: ['TAKES_OTHERS_DOWN'],
      settled: {TAKES_OTHERS_DOWN: 'at-once'},
      judge: judgeGoesOn,
    },
    {
      id: 'whole-accounts',
      title: 'No account without its quota',
      judges: 'counting',
      codes: ['HALF_AN_ACCOUNT'],
      settled: {HALF_AN_ACCOUNT: 'at-once'},
      judge: judgeWhole,
    },
    {
      id: 'few-calls',
      title: `A journey makes at most ${CALLS_PER_JOURNEY_MAX} calls between processes`,
      judges: 'counting',
      codes: ['TOO_MANY_CALLS'],
      settled: {TOO_MANY_CALLS: 'at-once'},
      judge: judgeFewCalls,
    },
    {
      id: 'changes-in-one',
      title: 'Eight of ten change requests stay in one process',
      judges: 'counting',
      codes: ['CHANGES_EVERYWHERE'],
      settled: {CHANGES_EVERYWHERE: 'at-once'},
      judge: judgeChanges,
    },
    {
      id: 'own-database',
      title: 'Each process has a database of its own',
      judges: 'counting',
      codes: ['SHARED_DATABASE'],
      settled: {SHARED_DATABASE: 'at-once'},
      judge: judgeDatabases,
    },
  ],
  wrong: [
    {
      name: 'a-process-per-module',
      task: 'whole-accounts',
      code: 'HALF_AN_ACCOUNT',
      why: 'if splitting is good, splitting everything must be best',
    },
    {
      name: 'quotas-with-activity',
      task: 'whole-accounts',
      code: 'HALF_AN_ACCOUNT',
      why: 'data is put where it is read most, and not where it has to be right',
    },
    {
      name: 'heavy-with-leaky',
      task: 'goes-on',
      code: 'TAKES_OTHERS_DOWN',
      why: 'nouns that sound alike (events, streams, alerts) end up in one service, whatever they do to each other',
    },
    {
      name: 'one-database',
      task: 'own-database',
      code: 'SHARED_DATABASE',
      why: 'the code is split in a week; the data is left for later, which does not come',
    },
  ],
});

/** The accounts first: whoever of them has a quota with it has it by the time that quotas are read. */
async function readIds(tools: LabTools, {processes}: Setup, which: string): Promise<Final> {
  const ids = async (module: ModuleName, text: string): Promise<readonly string[]> =>
    (await tools.sql<{id: string}>(processWith(processes, module).database, text)).map(({id}) => id);
  return {
    accounts: await ids('accounts', `select id from accounts where ${which}`),
    quotas: await ids('quotas', 'select account as id from quotas'),
  };
}
