import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {createRandom} from '../../src/random.ts';
import {drawChanges, touched} from './changes.ts';
import {
  busiestLinks,
  byCall,
  callsPerJourney,
  halfAccounts,
  isHidden,
  needlessly,
  type Outage,
  outages,
  type Run,
  unconcerned,
} from './evidence.ts';
import {EDGE_MS, SLOW_BY_MS, SLOW_FOR_MS} from './script.ts';
import {CONNECTIONS_MAX, PEOPLE} from './set-up.ts';
import {killsOf, processWith} from './split.ts';
import {CALLS, TEXT_OF} from './traffic.ts';

export const OK_SHARE_MIN = 0.99;
/** Fewer calls than this tell nothing of a crash. */
const MIN_ASKED = 5;
/** The monolith makes five. */
export const CALLS_PER_JOURNEY_MAX = 5.8;
const CHANGES_IN_ONE_MIN = 8;

export function judgeGoesOn(evidence: Run): Judgement {
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
  const kills = killsOf(evidence.setup.processes).length;
  if (bad.length === 0 && seen.length < kills)
    return inconclusive('NOTHING_ASKED', `${seen.length} of ${kills} crashes were seen to their end`, expected, lines);
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

export function judgeWhole({setup, final}: Run): Judgement {
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

export function judgeFewCalls(evidence: Run): Judgement {
  const calls = callsPerJourney(evidence);
  const expected = `at most ${CALLS_PER_JOURNEY_MAX}; the monolith makes 5`;
  // The gateway is a process of its own: without any call nobody was served.
  if (calls === 0) return inconclusive('NOTHING_SEEN', 'no call was seen', expected);
  const observed = `a journey made ${calls.toFixed(1)} calls between processes`;
  if (calls <= CALLS_PER_JOURNEY_MAX) return pass(observed, expected);
  return fail('TOO_MANY_CALLS', observed, expected, busiestLinks(evidence));
}

export function judgeChanges({seed, setup: {processes}}: Run): Judgement {
  const changes = drawChanges(createRandom(seed, 'changes')).map(change => ({
    ...change,
    touched: touched(change, processes),
  }));
  const wide = changes.filter(change => change.touched.length > 1);
  const observed = `${changes.length - wide.length} of ${changes.length} change requests stay in one process`;
  const expected = `${CHANGES_IN_ONE_MIN} of ${changes.length}`;
  const evidence = wide.map(({text, touched: names}) => `"${text}": ${names.join(' and ')}`);
  if (changes.length - wide.length >= CHANGES_IN_ONE_MIN) return pass(observed, expected, evidence);
  return fail('CHANGES_EVERYWHERE', observed, expected, evidence);
}

export function judgeDatabases({setup: {processes}, attack, faults}: Run): Judgement {
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
