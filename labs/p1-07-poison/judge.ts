import type {DeadLetter, Delivery} from '../../services/kit/broker.ts';
import {compareEffects} from '../../src/checkers/effects.ts';
import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {Final, Setup} from './lab.ts';

/** A message of the broker, and what is wrong with it: nobody can read it, or the database refuses it for the time being. */
export interface Held {
  readonly id: string;
  readonly partition: number;
  readonly position: number;
  /** Unix ms. */
  readonly publishedAt: number;
  readonly poison?: 'unreadable' | 'refused';
}

type Seen = Evidence<Setup, Final>;

/** Words of this length at least say something. */
const REASON_LENGTH_MIN = 12;
/** As long as nothing else is wrong, poison is told within this time, ms: less than the database is away, more than a loaded machine takes. */
const TOLD_WITHIN_MS = 4_000;
/** From the beginning of the attack on nothing is wrong for so long, ms. */
export const PEACE_MS = 5_500;
/** After a kill, and after the database is back, so much time (ms) is nobody's. */
const CALM_AFTER_MS = 4_000;

export function classify({id, partition, position, publishedAt, data}: Delivery, refusedKind: string): Held {
  const {account, kind, at} = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
  const where = {id, partition, position, publishedAt};
  const isRead = [account, kind, at].every(value => typeof value === 'string') && !Number.isNaN(Date.parse(String(at)));
  if (!isRead) return {...where, poison: 'unreadable'};
  return kind === refusedKind ? {...where, poison: 'refused'} : where;
}

export function judgeSkipped(evidence: Seen): Judgement {
  const {final} = evidence;
  const valid = final.source.filter(({poison}) => poison === undefined);
  const expected = 'each event that can be read and stored has one effect, and none is a dead letter';
  if (valid.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no valid event was published', expected);
  const buried = final.lettersBefore.filter(({message}) => valid.some(({id}) => id === message.id));
  if (buried.length > 0)
    return fail('VALID_BURIED', `${buried.length} of ${valid.length} valid events are dead letters`, expected, [
      ...buried
        .slice(0, 3)
        .map(
          letter => `event ${letter.message.id}: given up on at ${after(evidence, letter.at)}: ${short(letter.reason)}`,
        ),
      ...about(evidence),
    ]);
  const {missing, duplicated} = compareEffects(
    valid.map(({id}) => id),
    final.effectsBefore.filter(({message}) => valid.some(({id}) => id === message)).map(({message}) => message),
  );
  if (duplicated.length > 0)
    return fail('EFFECT_TWICE', `${duplicated.length} events took effect more than once`, expected, [
      ...duplicated.slice(0, 3).map(({id, count}) => `event ${id}: took effect ${count} times`),
      ...about(evidence),
    ]);
  // What still waits has not been skipped; that it waits is another task's matter.
  const skipped = valid.filter(
    ({id, partition, position}) => missing.includes(id) && position <= (final.positions[partition] ?? 0),
  );
  if (skipped.length > 0)
    return fail(
      'VALID_SKIPPED',
      `${skipped.length} of ${valid.length} valid events were settled without an effect`,
      expected,
      [
        ...skipped
          .slice(0, 3)
          .map(
            ({id, partition, position}) => `event ${id}: at ${position} of partition ${partition}, settled, no effect`,
          ),
        ...about(evidence),
      ],
    );
  if (missing.length === valid.length)
    return inconclusive('NOTHING_TO_JUDGE', 'all valid events still wait', expected, about(evidence));
  return pass(`0 of ${valid.length} valid events were skipped`, expected, about(evidence));
}

export function judgeGoesOn(evidence: Seen): Judgement {
  const {final} = evidence;
  const expected =
    'poison is out of the way at once, and every partition is worked off 10 s after the last fault ended';
  // Where poison was given up on at all, the question is how long that took.
  const held = final.lettersBefore.length > 0 ? heldUp(evidence) : [];
  if (held.length > 0) {
    const observed = `${held.length} poison records held up their partition for more than ${TOLD_WITHIN_MS / 1_000} s while nothing else was wrong`;
    if (evidence.control.busy || isSlow(evidence)) return inconclusive('BUSY_MACHINE', observed, expected);
    return fail('HELD_UP', observed, expected, [
      ...held
        .slice(0, 3)
        .map(
          ({one, letter}) =>
            `record ${one.id} (${one.poison}): published at ${after(evidence, one.publishedAt)}, a dead letter at ${letter ? after(evidence, letter.at) : 'no time'}`,
        ),
      ...about(evidence),
    ]);
  }
  if (final.source.length === 0 || Object.keys(final.positions).length === 0)
    return inconclusive('NOTHING_TO_JUDGE', 'the broker does not know how far the group is', expected);
  if (final.lag === 0) return pass('nothing waits', expected, about(evidence));
  const heads = Object.keys(final.positions).flatMap(key => {
    const waiting = final.source.filter(
      ({partition, position}) => partition === Number(key) && position > (final.positions[partition] ?? 0),
    );
    const [head] = waiting.toSorted((a, b) => a.position - b.position);
    return head === undefined ? [] : [{head, waiting: waiting.length}];
  });
  const behindPoison = heads.filter(({head}) => head.poison !== undefined);
  if (behindPoison.length === 0 && evidence.control.busy)
    return inconclusive('BUSY_MACHINE', `${final.lag} messages wait, none of them behind poison`, expected);
  return fail('STUCK', `${final.lag} messages wait in ${heads.length} partitions`, expected, [
    ...heads
      .slice(0, 4)
      .map(
        ({head, waiting}) =>
          `partition ${head.partition}: ${waiting} wait, the first is ${head.poison ?? 'valid'}: ${head.id} at ${head.position}`,
      ),
    ...about(evidence),
  ]);
}

export function judgeKept(evidence: Seen): Judgement {
  const {final} = evidence;
  const poison = final.source.filter(({poison}) => poison !== undefined);
  const expected =
    'each poison record is a dead letter of the group at its position, and its reason says what is wrong with it';
  if (poison.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no poison was published', expected);
  const found = poison.map(one => ({one, letter: letterOf(final.lettersBefore, one)}));
  const lost = found.filter(
    ({one, letter}) => letter === undefined && one.position <= (final.positions[one.partition] ?? 0),
  );
  if (lost.length > 0)
    return fail('POISON_LOST', `${lost.length} of ${poison.length} poison records are no dead letters`, expected, [
      ...lost
        .slice(0, 3)
        .map(
          ({one}) =>
            `record ${one.id} (${one.poison}): at ${one.position} of partition ${one.partition}, settled and gone`,
        ),
      ...about(evidence),
    ]);
  const reasons = {unreadable: new Set<string>(), refused: new Set<string>()};
  for (const {one, letter} of found) if (letter && one.poison) reasons[one.poison].add(letter.reason.trim());
  const same = [...reasons.unreadable].filter(reason => reasons.refused.has(reason));
  const empty = found.filter(({letter}) => letter !== undefined && letter.reason.trim().length < REASON_LENGTH_MIN);
  if (same.length > 0 || empty.length > 0)
    return fail('POISON_WITHOUT_REASON', 'the reasons of dead letters do not say what is wrong with them', expected, [
      ...found
        .slice(0, 4)
        .flatMap(({one, letter}) => (letter ? [`record ${one.id} (${one.poison}): "${short(letter.reason)}"`] : [])),
      ...about(evidence),
    ]);
  const kept = found.filter(({letter}) => letter !== undefined);
  if (kept.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'all poison still waits', expected, about(evidence));
  return pass(`${kept.length} of ${poison.length} poison records are dead letters`, expected, about(evidence));
}

export function judgeRedriven(evidence: Seen): Judgement {
  const {final} = evidence;
  const expected =
    'events that were refused take effect once after they were allowed and redriven; nothing else does again';
  const refused = final.source.filter(({poison}) => poison === 'refused');
  if (refused.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no event was refused', expected);
  const {duplicated} = compareEffects(
    [],
    final.effectsAfter.map(({message}) => message),
  );
  const before = new Set(
    compareEffects(
      [],
      final.effectsBefore.map(({message}) => message),
    ).duplicated.map(({id}) => id),
  );
  const twice = duplicated.filter(({id}) => !before.has(id));
  if (twice.length > 0)
    return fail(
      'REDRIVE_TWICE',
      `${twice.length} events took effect more than once, as they had not before the redrive`,
      expected,
      [...twice.slice(0, 3).map(({id, count}) => `event ${id}: took effect ${count} times`), ...about(evidence)],
    );
  const seen = new Set(final.effectsAfter.map(({message}) => message));
  const lost = refused.filter(({id}) => !seen.has(id));
  if (lost.length > 0)
    return fail(
      'REDRIVE_LOST',
      `${lost.length} of ${refused.length} refused events have no effect after the redrive`,
      expected,
      [
        ...lost.slice(0, 3).map(one => {
          const wasThere = letterOf(final.lettersBefore, one) !== undefined;
          return `event ${one.id}: ${wasThere ? 'was a dead letter, was redriven, and has no effect' : 'was no dead letter, so that nothing could be redriven'}`;
        }),
        ...about(evidence),
      ],
    );
  return pass(`all ${refused.length} took effect once`, expected, about(evidence));
}

/** Poison that came while all was well, and was no dead letter yet when that had been so for long enough. Most of such poison has to be among it. */
function heldUp(evidence: Seen): readonly {readonly one: Held; readonly letter: DeadLetter | undefined}[] {
  const {final, events, faults} = evidence;
  const troubles = [
    ...events.filter(({type}) => type === 'crash-point').map(({at}) => ({from: at, to: at + CALM_AFTER_MS})),
    ...faults
      .filter(({kind, appliedAt}) => kind === 'refuse' && appliedAt !== undefined)
      .map(({appliedAt = 0, endedAt = appliedAt + CALM_AFTER_MS}) => ({from: appliedAt, to: endedAt + CALM_AFTER_MS})),
  ];
  const came = final.source
    .filter(
      ({poison, publishedAt}) =>
        poison !== undefined && !troubles.some(({from, to}) => publishedAt >= from && publishedAt <= to),
    )
    .map(one => {
      const letter = letterOf(final.lettersBefore, one);
      const trouble = Math.min(...troubles.map(({from}) => from).filter(from => from > one.publishedAt));
      const toldAt = letter?.at ?? Number.POSITIVE_INFINITY;
      return {one, letter, isTold: toldAt <= trouble, calmMs: Math.min(toldAt, trouble) - one.publishedAt};
    });
  const held = came.filter(({calmMs}) => calmMs > TOLD_WITHIN_MS);
  const prompt = came.filter(({isTold, calmMs}) => isTold && calmMs <= TOLD_WITHIN_MS);
  return held.length > prompt.length ? held : [];
}

/** Whether valid events of partitions without poison took long as well: then it was the machine. */
function isSlow({final, events, times}: Seen): boolean {
  const effects = new Map(final.effectsBefore.map(({message, at}) => [message, at]));
  const firstKill = Math.min(...events.filter(({type}) => type === 'crash-point').map(({at}) => at));
  const until = Math.min(firstKill, times.attackFrom + PEACE_MS) - TOLD_WITHIN_MS / 2;
  const early = final.source.filter(({poison, publishedAt}) => poison !== undefined && publishedAt < until);
  const poisoned = new Set(early.map(({partition}) => partition));
  const took = final.source
    .filter(one => one.publishedAt >= times.attackFrom && one.publishedAt < until && !poisoned.has(one.partition))
    .map(({id, publishedAt}) => (effects.get(id) ?? Number.POSITIVE_INFINITY) - publishedAt)
    .toSorted((a, b) => a - b);
  return (took[Math.floor(took.length * 0.9)] ?? 0) > TOLD_WITHIN_MS / 4;
}

function letterOf(all: readonly DeadLetter[], {id, position}: Held): DeadLetter | undefined {
  return all.find(letter => letter.message.id === id && letter.position === position);
}

function after({times}: Seen, at: number): string {
  return `+${((at - times.attackFrom) / 1_000).toFixed(2)} s`;
}

function short(reason: string): string {
  return reason.length > 120 ? `${reason.slice(0, 119)}…` : reason;
}

function about({final, faults, times, events}: Seen): readonly string[] {
  const away = faults.find(({kind}) => kind === 'refuse');
  const kills = events.filter(event => event.type === 'crash-point' && event.at >= times.attackFrom).length;
  const poison = final.source.filter(one => one.poison !== undefined).length;
  return [
    `${final.source.length} records, ${poison} of them poison; ${final.effectsBefore.length} effects, ${final.lettersBefore.length} dead letters, lag ${final.lag}`,
    `stream was killed ${kills} times; its database was away from +${(((away?.appliedAt ?? times.attackFrom) - times.attackFrom) / 1_000).toFixed(1)} s on for 5 s`,
  ];
}
