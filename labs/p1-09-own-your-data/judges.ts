import {fail, inconclusive, type Judgement, pass, unlessBusy} from '../../src/labs/verdict.ts';
import type {LedgerEntry} from '../../src/load/load.ts';
import {type Difference, differing, mostSessions, type Run} from './evidence.ts';

export const EQUAL_WITHIN_MS = 5_000;

export function judgeGrants({final: {readable}}: Run): Judgement {
  const expected = 'no table, no view, no column and no function of identity gives it anything';
  if (readable.length === 0) return pass('there is nothing in identity-db that it may read', expected);
  return fail('READS_FOREIGN_TABLES', `it may read ${readable.join(', ')}`, expected);
}

export function judgeSessions(evidence: Run): Judgement {
  const {sessions} = evidence.setup.watch;
  const expected = '0 sessions while stream is at work';
  if (sessions.length < 10) return inconclusive('NOT_SEEN', 'the sessions could not be counted', expected);
  const most = mostSessions(evidence);
  if (most === 0) return pass(`0 in ${sessions.length} looks`, expected);
  return fail(
    'OPENS_SESSIONS',
    `up to ${most} sessions, seen in ${sessions.filter(({count}) => count > 0).length} of ${sessions.length} looks`,
    expected,
    ['each is a connection less for identity, and a query that identity has never seen'],
  );
}

export function judgeUnbroken(evidence: Run): Judgement {
  const {attack, setup, times} = evidence;
  const expected = "all of stream's pages and all changes of names are answered while identity changes its table twice";
  const [first] = setup.watch.migrations;
  if (setup.watch.migrations.length < 2 || first === undefined)
    return inconclusive('NOT_MIGRATED', 'identity could not change its table', expected);
  const failedOf = (name: string): readonly LedgerEntry[] =>
    attack.filter(entry => entry.name === name && entry.outcome !== 'ok');
  const told = (entries: readonly LedgerEntry[]): string[] =>
    entries.slice(0, 3).map(entry => {
      const at = ((entry.intendedAt - times.attackFrom) / 1000).toFixed(2);
      return `op ${entry.id} at +${at} s: ${entry.status ?? entry.sends.at(-1)?.error ?? 'no answer'} (identity renamed at +${((first - times.attackFrom) / 1000).toFixed(2)} s)`;
    });
  const [pagesFailed, renamesFailed] = [failedOf('page'), failedOf('rename')];
  const share = (failed: readonly LedgerEntry[]): number => 1 - failed.length / Math.max(1, attack.length);
  if (pagesFailed.length > 0)
    return unlessBusy(
      evidence.control.busy && !pagesFailed.some(({status}) => status === 500),
      share(pagesFailed),
      fail('BROKEN_BY_MIGRATION', `${pagesFailed.length} of stream's pages failed`, expected, told(pagesFailed)),
    );
  if (renamesFailed.length > 0)
    return unlessBusy(
      evidence.control.busy,
      share(renamesFailed),
      fail('IDENTITY_BROKEN', `${renamesFailed.length} changes of a name failed`, expected, told(renamesFailed)),
    );
  if (!['page', 'rename'].every(name => attack.some(entry => entry.name === name)))
    return inconclusive('NOTHING_ASKED', 'pages or changes of names were not asked for', expected);
  return pass(
    `${attack.length} of ${attack.length} were answered, over ${setup.watch.migrations.length} changes`,
    expected,
  );
}

export function judgeEqual({final, times, attack}: Run): Judgement {
  const expected = `every account has identity's name in stream's pages ${EQUAL_WITHIN_MS / 1000} s after the last change`;
  const renamed = attack.filter(({name, outcome}) => name === 'rename' && outcome === 'ok').length;
  if (renamed === 0) return inconclusive('NOTHING_RENAMED', 'no name was changed', expected);
  if (final.copies.every(copy => Object.keys(copy).length === 0))
    return inconclusive('NOT_SEEN', "stream's pages were not read", expected);
  const differences = final.copies.flatMap(copy => differing(final.source, copy));
  const missing = differences.filter(({copy}) => copy === null);
  const told = (list: readonly Difference[]): string[] =>
    list
      .slice(0, 3)
      .map(
        ({account, copy, source}) =>
          `account ${account}: stream shows ${copy ?? 'no name'}, identity has ${source ?? 'no such account'}`,
      );
  if (missing.length > 0)
    return fail(
      'NAMES_MISSING',
      `${missing.length} names are missing in two rounds of stream's pages`,
      expected,
      told(missing),
    );
  if (differences.length > 0)
    return fail(
      'NAMES_OLD',
      `${differences.length} names are not those that identity has`,
      expected,
      told(differences),
    );
  if (times.recoveredAt === null)
    return fail(
      'NAMES_OLD',
      `they were equal only more than ${EQUAL_WITHIN_MS / 1000} s after the last change`,
      expected,
    );
  return pass(
    `equal ${((times.recoveredAt - times.healedAt) / 1000).toFixed(1)} s after the load, after ${renamed} changes`,
    expected,
  );
}
