import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import {isLate} from './client.ts';
import type {Final, Setup} from './lab.ts';
import {type Step, WRITERS} from './writers.ts';

/** What was accepted is there and nothing else, whether many write one item or one client is alone with it. */
export function judgeWrites({final: {races, steps}, control}: Evidence<Setup, Final>): Judgement {
  const expected = `the item has as much more as the accepted writes have added; of those with one ETag one is accepted; a write without the right If-Match is refused (412, 428)`;
  const [raced] = races;
  if (raced === undefined || raced.last === null || steps.length === 0)
    return inconclusive('NOTHING_TO_JUDGE', 'the item could not be read', expected);
  const {accepted, added, sameVersion, refused, unknown, last, first, other} = raced;
  const raised = last - first;
  const off = steps.filter(({wanted, got}) => got !== wanted);
  const wrong = off.filter(({status}) => !control.busy || !isLate(status));
  const isAny = (kind: Step['kind']): boolean => wrong.some(step => step.kind === kind);
  const observed = `${WRITERS} writers: ${accepted} accepted, ${refused} refused with 412, ${unknown} without an answer; the accepted ones added ${added}, the item has ${raised} more; ${sameVersion} were accepted with the ETag of another accepted one`;
  const evidence = [...other, ...wrong.slice(0, 4).map(story)];
  const failed = (code: string): Judgement => fail(code, observed, expected, evidence);
  // Who is alone sees for certain what a refused write has done. Among many it may as well look like a lost one: the last of them remains.
  if (isAny('untouched')) return failed('GHOST_WRITE');
  if (raised < added || sameVersion > 0) return failed('LOST_WRITE');
  if (isAny('accept')) return failed('NOTHING_ACCEPTED');
  if (raised > added && unknown === 0) return failed('GHOST_WRITE');
  const isUnknown = unknown > WRITERS / 2;
  if (accepted === 0 && !isUnknown) return failed('NOTHING_ACCEPTED');
  if (isAny('kept')) return failed('LOST_WRITE');
  if (wrong.length > 0) return failed('NOT_CONDITIONAL');
  if (isUnknown || off.length > 0) return inconclusive('NOTHING_TO_JUDGE', observed, expected, evidence);
  return pass(observed, expected);
}

/** `a write without If-Match: answered 200, not 428`. */
function story({kind, what, status, wanted, got}: Step): string {
  const isRead = kind === 'kept' || kind === 'untouched';
  return isRead && got !== null
    ? `${what}: ${got}, not ${wanted}`
    : `${what}: answered ${status ?? 'not at all'}, not ${isRead ? `with ${wanted}` : wanted}`;
}
