import {availability, longestGapMs} from '../../src/checkers/availability.ts';
import {textField} from '../../src/labs/accounts.ts';
import {defineLab, type Evidence, type LabTools, type TimedFault} from '../../src/labs/lab.ts';
import {drawn} from '../../src/labs/predict/draw.ts';
import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {createRandom, type Random} from '../../src/random.ts';
import type {ModuleName} from '../../src/topology/modules.ts';
import {drawChanges, touched} from './changes.ts';
import {CULPRITS, type Kill, killsOf, type Process, processesOf, processWith} from './split.ts';
import {CALLS, JOURNEYS_PER_SECOND, journeys, type Person} from './traffic.ts';

const PEOPLE = 3;
const BASELINE_MS = 3_000;
/** Crashes: a process is down for a part of the time to the next one, and in the rest it comes back and callers find it again. Of alerts there are none. */
const KILLS_AT_MS = [2_000, 6_000, 13_500, 20_500];
const LAST_FOR_MS = 5_500;
const LEAK_FOR_MS = 1_000;
/** Until callers see that it is gone, and when they find it again. */
const EDGE_MS = 100;
const OK_SHARE_MIN = 0.99;
/** Fewer calls than this tell nothing of a crash. */
const MIN_ASKED = 5;
/** How exact a prediction of an outage has to be. */
const SIGN_IN_WIDTH_MS = 3_000;
/** A database as a small managed one: it takes this many connections. */
const CONNECTIONS_MAX = 14;
const SLOW_FOR_MS = 2_500;
const SLOW_BY_MS = 120;
/** The monolith makes five. */
const CALLS_PER_JOURNEY_MAX = 5.8;
const CHANGES_IN_ONE_MIN = 8;

type Setup = {
  readonly people: readonly Person[];
  readonly processes: readonly Process[];
};

type Final = {
  /** Ids of the accounts that are committed, and of those that have a quota, each where its module keeps them. */
  readonly accounts: readonly string[];
  readonly quotas: readonly string[];
};

type Run = Evidence<Setup, Final>;

const parameters = (random: Random) => ({module: random.pick(CULPRITS), downMs: random.pick([1_000, 1_400, 1_800])});

const lab = defineLab<Setup, Final>({
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
  setUp: async tools => {
    const processes = processesOf(tools.topology);
    for (const database of new Set(processes.map(process => process.database)))
      await tools.sql(database, `alter database ${nameOf(database)} connection limit ${CONNECTIONS_MAX}`);
    return {processes, people: await Promise.all(Array.from({length: PEOPLE}, () => signUp(tools)))};
  },
  baseline: {
    load: (tools, {people}) => ({operations: journeys(tools.random, people, BASELINE_MS)}),
    okShareMin: 0.97,
  },
  load: (tools, {people, processes}) => ({
    operations: journeys(tools.random, people, slowAtMs(processes) + SLOW_FOR_MS + 1_000),
  }),
  faults: (tools, {processes}) => {
    const {downMs} = tools.drawn(parameters);
    const kills = killsOf(processes);
    return [
      // The leak is what brings down the process that has the alerts.
      leak(processWith(processes, 'alerts').name),
      ...kills.map(
        ({process}, index): TimedFault => ({
          kind: 'crash',
          target: process,
          atMs: killAtMs(index),
          forMs: downMs,
        }),
      ),
      ...[...new Set(processes.map(({database}) => database))].map(
        (database): TimedFault => ({
          kind: 'latency',
          target: database,
          attributes: {latency: SLOW_BY_MS},
          atMs: slowAtMs(processes),
          forMs: SLOW_FOR_MS,
        }),
      ),
    ];
  },
  recovery: {withinMs: 15_000},
  final: async (tools, {processes}) => {
    const ids = async (module: ModuleName, text: string): Promise<readonly string[]> =>
      (await tools.sql<{id: string}>(processWith(processes, module).database, text)).map(({id}) => id);
    return {
      accounts: await ids('accounts', 'select id from accounts'),
      quotas: await ids('quotas', 'select account as id from quotas'),
    };
  },
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
      judge: judgeGoesOn,
    },
    {
      id: 'whole-accounts',
      title: 'No account without its quota',
      judges: 'counting',
      codes: ['HALF_AN_ACCOUNT'],
      judge: judgeWhole,
    },
    {
      id: 'few-calls',
      title: `A journey makes at most ${CALLS_PER_JOURNEY_MAX} calls between processes`,
      judges: 'counting',
      codes: ['TOO_MANY_CALLS'],
      judge: evidence => {
        const calls = callsPerJourney(evidence);
        const observed = `a journey made ${calls.toFixed(1)} calls between processes`;
        const expected = `at most ${CALLS_PER_JOURNEY_MAX}; the monolith makes 5`;
        if (evidence.baselineRequests.length === 0) return inconclusive('NOTHING_SEEN', 'no call was seen', expected);
        if (calls <= CALLS_PER_JOURNEY_MAX) return pass(observed, expected);
        return fail('TOO_MANY_CALLS', observed, expected, busiestLinks(evidence));
      },
    },
    {
      id: 'changes-in-one',
      title: 'Eight of ten change requests stay in one process',
      judges: 'counting',
      codes: ['CHANGES_EVERYWHERE'],
      judge: ({seed, setup: {processes}}) => {
        const changes = changesOf(seed).map(change => ({...change, touched: touched(change, processes)}));
        const wide = changes.filter(change => change.touched.length > 1);
        const observed = `${changes.length - wide.length} of ${changes.length} change requests stay in one process`;
        const expected = `${CHANGES_IN_ONE_MIN} of ${changes.length}`;
        const evidence = wide.map(({text, touched: names}) => `"${text}": ${names.join(' and ')}`);
        if (changes.length - wide.length >= CHANGES_IN_ONE_MIN) return pass(observed, expected, evidence);
        return fail('CHANGES_EVERYWHERE', observed, expected, evidence);
      },
    },
    {
      id: 'own-database',
      title: 'Each process has a database of its own',
      judges: 'counting',
      codes: ['SHARED_DATABASE'],
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
export default lab;

const TEXT_OF: Readonly<Record<string, string>> = {
  register: 'opening an account',
  'sign-in': 'signing in',
  account: 'looking at the account',
  report: 'reporting activity',
  windows: 'looking at the windows',
};

function leak(process: string): TimedFault {
  return {
    kind: 'leak',
    target: `${process}-1`,
    attributes: {rate: 40_000_000, limit: 40_000_000},
    atMs: killAtMs(0) - LEAK_FOR_MS,
    forMs: LEAK_FOR_MS - EDGE_MS,
  };
}

function killAtMs(index: number): number {
  return KILLS_AT_MS[index] ?? 0;
}

function slowAtMs(processes: readonly Process[]): number {
  return killAtMs(killsOf(processes).length - 1) + LAST_FOR_MS;
}

async function signUp(tools: LabTools): Promise<Person> {
  const password = tools.random.hex(16);
  const body = {name: `person ${tools.random.hex(6)}`, password};
  const account = textField((await tools.http('POST', '/v1/accounts', {body})).body, 'id');
  const token = textField((await tools.http('POST', '/v1/sessions', {body: {account, password}})).body, 'token');
  return {account, password, token};
}

/** Databases are named after their node: `main` for `main-db`. */
function nameOf(node: string): string {
  return `"${node.replace(/-db$/, '').replaceAll('-', '_')}"`;
}

function changesOf(seed: number): ReturnType<typeof drawChanges> {
  return drawChanges(createRandom(seed, 'changes'));
}

interface Outage {
  readonly kill: Kill;
  readonly from: number;
  /** What was asked for while the process was down. */
  readonly entries: readonly LedgerEntry[];
  /** Calls that had not come back from an earlier crash: of them this one tells nothing. */
  readonly unwell: ReadonlySet<string>;
}

/** What was meant to start while each process was down, as the records of the crashes tell it. */
function outages({setup, attack, faults}: Run): readonly Outage[] {
  const crashes = faults.filter(({kind}) => kind === 'crash').toSorted((a, b) => a.plannedAt - b.plannedAt);
  return killsOf(setup.processes).flatMap((kill, index) => {
    const {appliedAt, endedAt} = crashes[index] ?? {};
    if (appliedAt === undefined || endedAt === undefined) return [];
    const [from, to] = [appliedAt + EDGE_MS, endedAt - EDGE_MS];
    const entries = attack.filter(({intendedAt}) => intendedAt >= from && intendedAt < to);
    const before = attack.filter(({intendedAt}) => intendedAt < appliedAt - EDGE_MS);
    const unwell = Object.keys(CALLS).filter(name => before.findLast(entry => entry.name === name)?.outcome !== 'ok');
    return [{kill, from, entries, unwell: new Set(unwell)}];
  });
}

/** Calls of an outage that do not need the module that is to blame. */
function unconcerned({kill, entries, unwell}: Outage): readonly LedgerEntry[] {
  return entries.filter(({name}) => CALLS[name]?.includes(kill.module) === false && !unwell.has(name));
}

function needlessly(outage: Outage): readonly LedgerEntry[] {
  return unconcerned(outage).filter(({outcome}) => outcome !== 'ok');
}

/** Whether calls that it concerns nothing of had not come back, so that what it does to them cannot be seen. */
function isHidden({kill, unwell}: Outage): boolean {
  return [...unwell].some(name => CALLS[name]?.includes(kill.module) === false);
}

/** Of each kind of call that does not need what crashed, the share that was answered. */
function byCall(
  outage: Outage,
): readonly {readonly name: string; readonly module: ModuleName; readonly share: number}[] {
  const entries = unconcerned(outage);
  return [...new Set(entries.map(({name}) => name))].map(name => ({
    name,
    module: outage.kill.module,
    share: availability(entries, {name}).share ?? 0,
  }));
}

function judgeGoesOn(evidence: Run): Judgement {
  const seen = outages(evidence).map(outage => ({outage, all: unconcerned(outage), lost: needlessly(outage)}));
  const expected = `of the calls that do not need the module that crashed, ${OK_SHARE_MIN * 100} % are answered, in each crash`;
  const bad = seen.filter(({all, lost}) => lost.length > (1 - OK_SHARE_MIN) * all.length);
  const lines = seen.map(
    one =>
      `${one.outage.kill.module} took ${one.outage.kill.process} down: ${one.all.length - one.lost.length} of ${one.all.length} calls that do not need it were answered`,
  );
  const worst = seen.flatMap(({outage}) => byCall(outage)).toSorted((a, b) => a.share - b.share)[0];
  if (worst === undefined) return inconclusive('NOTHING_ASKED', 'nothing was asked for', expected);
  const observed = `${Math.round(worst.share * 100)} % of those of the kind that fared worst: ${TEXT_OF[worst.name]}, when ${worst.module} had crashed`;
  if (bad.length === 0 && seen.some(({outage, all}) => all.length < MIN_ASKED || isHidden(outage)))
    return inconclusive('NOTHING_ASKED', 'too little was asked for while processes were down', expected, lines);
  if (bad.length === 0) return pass(observed, expected, lines);
  const stories = bad.slice(0, 2).flatMap(({outage, lost}) => lost.slice(0, 1).map(entry => story(outage, entry)));
  return unlessBusy(
    evidence.control.busy,
    worst.share,
    fail('TAKES_OTHERS_DOWN', observed, expected, [...stories, ...lines]),
  );
}

function story({kill, from}: Outage, entry: LedgerEntry): string {
  const at = Math.round(entry.intendedAt - from + EDGE_MS);
  return `op ${entry.id}: ${entry.operation.request.method} ${entry.operation.request.path}, ${at} ms after ${kill.process} went down with ${kill.module}: ${entry.status ?? entry.sends.at(-1)?.error ?? 'no answer'}; it needs ${CALLS[entry.name]?.join(' and ')}`;
}

function halfAccounts({accounts, quotas}: Final): readonly string[] {
  const have = new Set(quotas);
  return accounts.filter(id => !have.has(id));
}

function judgeWhole({setup, final}: Run): Judgement {
  const half = halfAccounts(final);
  const expected = 'every account that is committed has its quota, whatever crashed in between';
  const places = (['accounts', 'quotas'] as const)
    .map(module => processWith(setup.processes, module))
    .map(({name, database}) => `${name} (${database})`);
  if (final.accounts.length <= PEOPLE) return inconclusive('NOTHING_OPENED', 'no account was opened', expected);
  if (half.length === 0) return pass(`${final.accounts.length} accounts, each with its quota`, expected);
  return fail('HALF_AN_ACCOUNT', `${half.length} of ${final.accounts.length} accounts have no quota`, expected, [
    ...half.slice(0, 3).map(id => `account ${id}: committed in ${places[0]}, no quota in ${places[1]}`),
    `the account is committed first, then ${places[1]} is called; between the two anything can happen`,
  ]);
}

/** Requests between processes for each journey of the clients, before anything was broken. */
function callsPerJourney({baseline, baselineRequests}: Run): number {
  const journeysMade = baseline.length / Object.keys(CALLS).length;
  return baselineRequests.filter(({from}) => from !== 'client').length / Math.max(1, journeysMade);
}

function busiestLinks({baselineRequests}: Run): readonly string[] {
  const counts = new Map<string, number>();
  for (const {link, from} of baselineRequests) if (from !== 'client') counts.set(link, (counts.get(link) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([link, count]) => `${link}: ${count} calls`);
}

function judgeDatabases({setup: {processes}, attack, faults}: Run): Judgement {
  const expected = 'no two processes use one database';
  const shared = [...new Set(processes.map(({database}) => database))]
    .map(database => ({database, users: processes.filter(process => process.database === database)}))
    .filter(({users}) => users.length > 1);
  const slow = faults.find(({kind}) => kind === 'latency');
  const from = slow?.appliedAt ?? Number.POSITIVE_INFINITY;
  const failed = attack.filter(
    ({intendedAt, outcome}) => intendedAt >= from && intendedAt < from + SLOW_FOR_MS && outcome !== 'ok',
  );
  const price = `while all databases were ${SLOW_BY_MS} ms slower, ${failed.length} calls failed; each process wants up to 10 connections, each database takes ${CONNECTIONS_MAX}`;
  if (shared.length === 0) return pass(`${processes.length} processes, as many databases`, expected, [price]);
  return fail(
    'SHARED_DATABASE',
    shared
      .map(({database, users}) => `${users.map(({name}) => name).join(', ')} share ${database}, and its connections`)
      .join('; '),
    expected,
    [price],
  );
}
