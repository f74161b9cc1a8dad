import {compareEffects} from '../../src/checkers/effects.ts';
import type {Effect} from '../../src/labs/activity.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {Final, Setup} from './lab.ts';

/** A message as the broker holds it. */
export interface Source {
  readonly id: string;
  readonly data: unknown;
}

type Seen = Evidence<Setup, Final>;

/** Fewer pairs than this say little about whether equal events are told apart. */
const PAIRS_MIN = 10;

export function judgeTwice(evidence: Seen): Judgement {
  const {final} = evidence;
  const expected = 'each event of the stream has one effect, which stays';
  if (final.rewritten > 0)
    return fail('EFFECTS_REWRITTEN', `rows of effects were changed or taken away (${final.rewritten})`, expected, [
      'what took effect cannot be taken back: an e-mail that was sent twice was sent twice',
      ...counts(final),
    ]);
  const {duplicated} = compare(final);
  if (duplicated.length === 0) return pass('every effect took place once', expected, counts(final));
  return fail('EFFECT_TWICE', `${duplicated.length} events took effect more than once`, expected, [
    ...duplicated.slice(0, 3).map(({id}) => story(evidence, id)),
    ...counts(final),
  ]);
}

export function judgeMissing(evidence: Seen): Judgement {
  const {final} = evidence;
  const expected = 'each event of the stream has an effect';
  if (final.source.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'nothing was published', expected);
  const {missing} = compare(final);
  // One of two that say the same has a task of its own.
  const siblings = new Set(mergedPairs(final).flatMap(pair => pair.map(({id}) => id)));
  const lost = missing.filter(id => !siblings.has(id));
  if (lost.length === 0)
    return pass(`0 of ${final.source.length} events are without an effect`, expected, counts(final));
  return fail('EFFECT_MISSING', `${lost.length} of ${final.source.length} events have no effect`, expected, [
    ...lost.slice(0, 3).map(id => `event ${id}: in the stream, acknowledged by the group, and without an effect`),
    ...killed(evidence),
    ...counts(final),
  ]);
}

export function judgeEquals({final}: Seen): Judgement {
  const expected = 'of two events that differ in nothing but their ids both take effect';
  const pairs = pairsOf(final);
  if (pairs.length < PAIRS_MIN)
    return inconclusive('NOTHING_TO_JUDGE', `only ${pairs.length} pairs of equal events were published`, expected);
  const merged = mergedPairs(final);
  if (merged.length === 0) return pass(`${pairs.length} pairs, both events of each took effect`, expected);
  return fail('EQUALS_MERGED', `of ${merged.length} of ${pairs.length} pairs only one event took effect`, expected, [
    ...merged.slice(0, 3).map(pair => `events ${pair.map(({id}) => id).join(' and ')}: ${said(pair[0])}; one effect`),
    ...counts(final),
  ]);
}

export function judgeTogether({final}: Seen): Judgement {
  const expected = 'the transaction of each effect also moves the position of its partition to it';
  // Nothing at all is what another task refuses.
  if (final.effects.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'there are no effects', expected);
  const apart = final.effects.filter(({withPosition}) => !withPosition);
  if (apart.length === 0) return pass(`all ${final.effects.length} effects came with their position`, expected);
  return fail('POSITION_APART', `${apart.length} of ${final.effects.length} effects came without it`, expected, [
    ...apart
      .slice(0, 3)
      .map(
        ({message, partition, position}) =>
          `event ${message}: took effect in a transaction that did not move partition ${partition} to ${position}`,
      ),
  ]);
}

function compare({source, effects}: Final) {
  return compareEffects(
    source.map(({id}) => id),
    effects.map(({message}) => message),
  );
}

/** Events of one account that say the same at the same time, in twos. */
function pairsOf({source}: Final): readonly (readonly Source[])[] {
  const alike = new Map<string, Source[]>();
  for (const one of source) alike.set(said(one), [...(alike.get(said(one)) ?? []), one]);
  return [...alike.values()].filter(group => group.length === 2);
}

function mergedPairs(final: Final): readonly (readonly Source[])[] {
  const seen = new Set(final.effects.map(({message}) => message));
  return pairsOf(final).filter(pair => pair.filter(({id}) => seen.has(id)).length === 1);
}

/** Whether two events say the same. */
export function isAlike(one: Source, other: Source): boolean {
  return said(one) === said(other);
}

function said(one: Source | undefined): string {
  const {account, kind, at} = (one?.data ?? {}) as Partial<Record<'account' | 'kind' | 'at', unknown>>;
  return JSON.stringify({account, kind, at});
}

function story({final, times}: Seen, id: string): string {
  const own = final.effects.filter(({message}) => message === id);
  const told = own.slice(0, 5).map(effect => `${after(times.attackFrom, effect)} s by ${effect.node}`);
  return `event ${id}: took effect ${own.length} times, at ${told.join(', ')}${own.length > 5 ? ', …' : ''}`;
}

/** Events of the baseline had their effect before the attack. */
function after(from: number, {at}: Effect): string {
  return `${at < from ? '-' : '+'}${(Math.abs(at - from) / 1_000).toFixed(2)}`;
}

function killed({events, times}: Seen): readonly string[] {
  const kills = events.filter(event => event.type === 'crash-point' && event.at >= times.attackFrom);
  if (kills.length === 0) return [];
  const at = kills.slice(0, 8).map(kill => `+${((kill.at - times.attackFrom) / 1_000).toFixed(2)} s`);
  return [`stream was killed ${kills.length} times: at ${at.join(', ')}${kills.length > 8 ? ', …' : ''}`];
}

function counts({source, effects}: Final): readonly string[] {
  const ids = new Set(effects.map(({message}) => message));
  return [`broker: ${source.length} events; stream-db: ${effects.length} effects of ${ids.size} events`];
}
