import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import {accountOf, compare, counts, effectsOf, type Run} from './evidence.ts';

export const DRAINED_WITHIN_MS = 10_000;

export function judgeMissing(evidence: Run): Judgement {
  const {missing} = compare(evidence.final);
  const stored = new Set(evidence.final.committed);
  const acknowledged = evidence.attack.filter(entry => entry.outcome === 'ok');
  const lost = acknowledged.filter(entry => !stored.has(accountOf(entry.sends.at(-1)?.body) ?? ''));
  const expected =
    'stream has heard of every account that is committed in identity-db, and every acknowledged account is committed';
  if (lost.length > 0) {
    return fail(
      'ACKNOWLEDGED_NOT_STORED',
      `${lost.length} of ${acknowledged.length} acknowledged accounts are not in identity-db`,
      expected,
      [
        ...lost
          .slice(0, 3)
          .map(entry => `op ${entry.id}: answered ${entry.status} after ${Math.round(entry.latencyMs)} ms, no row`),
        ...counts(evidence.final),
      ],
    );
  }
  if (stored.size === 0) return inconclusive('NOTHING_TO_JUDGE', 'no account was committed', expected);
  if (missing.length === 0)
    return pass(`0 of ${stored.size} committed accounts are without an event`, expected, counts(evidence.final));
  return fail('MISSING_EVENTS', `${missing.length} of ${stored.size} committed accounts have no event`, expected, [
    ...stories(evidence, missing),
    ...counts(evidence.final),
  ]);
}

/** What became of the operations whose account nobody heard of. */
function stories({attack, events, times}: Run, missing: readonly string[]): string[] {
  const byAccount = new Map(attack.map(entry => [accountOf(entry.sends.at(-1)?.body), entry]));
  const told = missing.slice(0, 3).map(account => {
    const entry = byAccount.get(account);
    if (entry === undefined) return `account ${account}: committed, its client got no answer; stream never heard of it`;
    const at = ((entry.intendedAt - times.attackFrom) / 1000).toFixed(2);
    return `op ${entry.id} at +${at} s: answered ${entry.status}, row committed, no event`;
  });
  const kills = events.filter(event => event.type === 'crash-point' && event.at >= times.attackFrom);
  const at = kills.slice(0, 8).map(kill => `+${((kill.at - times.attackFrom) / 1000).toFixed(2)} s`);
  return [
    ...told,
    `identity was killed ${kills.length} times${at.length === 0 ? '' : `: at ${at.join(', ')}${kills.length > 8 ? ', …' : ''}`}`,
  ];
}

export function judgeExtra(evidence: Run): Judgement {
  const {phantom} = compare(evidence.final);
  const expected = 'stream knows only accounts that are committed';
  // That nothing was published at all is what another task refuses.
  if (Object.keys(evidence.final.effects).length === 0) return nothingHeard(expected);
  if (phantom.length === 0) return pass('0 events without an account', expected, counts(evidence.final));
  return fail('PHANTOM_EVENTS', `${phantom.length} events tell of accounts that do not exist`, expected, [
    ...phantom
      .slice(0, 3)
      .map(
        account =>
          `account ${account}: stream has ${effectsOf(evidence.final, account)} registration of it, identity-db has no row`,
      ),
    ...counts(evidence.final),
  ]);
}

export function judgeTwice(evidence: Run): Judgement {
  const {duplicated} = compare(evidence.final);
  const expected = 'each account has one registration at stream';
  if (Object.keys(evidence.final.effects).length === 0) return nothingHeard(expected);
  if (duplicated.length === 0) return pass('every effect took place once', expected, counts(evidence.final));
  return fail('EFFECT_TWICE', `${duplicated.length} accounts have more than one registration at stream`, expected, [
    ...duplicated
      .slice(0, 3)
      .map(({id, count}) => `account ${id}: ${count} registrations, each from an event with an id of its own`),
    ...counts(evidence.final),
  ]);
}

function nothingHeard(expected: string): Judgement {
  return inconclusive('NOTHING_TO_JUDGE', 'stream has not heard of any account', expected);
}

export function judgeBacklog({times, final}: Run): Judgement {
  const expected = `everything has arrived ${DRAINED_WITHIN_MS / 1000} s after the last fault ended`;
  if (final.committed.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no account was committed', expected);
  if (times.recoveredAt !== null)
    return pass(
      `everything had arrived ${((times.recoveredAt - times.healedAt) / 1000).toFixed(1)} s after healing`,
      expected,
    );
  return fail(
    'BACKLOG_LEFT',
    `after ${DRAINED_WITHIN_MS / 1000} s ${compare(final).missing.length} events had not arrived and ${final.lag} messages were not worked off`,
    expected,
    counts(final),
  );
}
