import type {Evidence} from '../../src/labs/lab.ts';
import {fail, inconclusive, type Judgement, pass} from '../../src/labs/verdict.ts';
import type {Final, Setup} from './lab.ts';

/** An event as the broker holds it. */
export interface Reported {
  readonly id: string;
  readonly partition: number;
  readonly position: number;
  readonly account: string;
  /** What work on it takes. */
  readonly workMs: number;
}

type Seen = Evidence<Setup, Final>;

const DELIVERIES_MAX = 1.05;
const TIMES_FASTER = 2;

/** An event that took effect after one of the same account that was published later. */
export interface Inversion {
  readonly account: string;
  readonly late: string;
  readonly overtakenBy: string;
}

export function inversions({source, effects}: Pick<Final, 'source' | 'effects'>): readonly Inversion[] {
  const known = new Map(source.map((one, order) => [one.id, {...one, order}]));
  const furthest = new Map<string, {readonly id: string; readonly order: number}>();
  const found: Inversion[] = [];
  const seen = new Set<string>();
  for (const {message} of effects) {
    const event = known.get(message);
    if (event === undefined || seen.has(message)) continue;
    seen.add(message);
    const before = furthest.get(event.account);
    if (before !== undefined && before.order > event.order)
      found.push({account: event.account, late: message, overtakenBy: before.id});
    else furthest.set(event.account, event);
  }
  return found;
}

/** Events a second, from the first effect to the last, and what one consumer would do. */
export function throughput({source, effects}: Pick<Final, 'source' | 'effects'>): {
  readonly perSecond: number;
  readonly one: number;
} {
  const times = effects.map(({at}) => at);
  const tookMs = Math.max(...times) - Math.min(...times);
  const workMs = source.reduce((sum, one) => sum + one.workMs, 0);
  return {
    perSecond: effects.length < 2 ? 0 : (effects.length * 1_000) / Math.max(1, tookMs),
    one: workMs === 0 ? 0 : (source.length * 1_000) / workMs,
  };
}

export function judgeOrder(evidence: Seen): Judgement {
  const {final} = evidence;
  const expected = 'events of one account take effect in the order in which they were published';
  // Nothing at all is what another task refuses.
  if (final.effects.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'nothing took effect', expected);
  const found = inversions(final);
  const accounts = new Set(found.map(({account}) => account)).size;
  if (found.length === 0)
    return pass(`0 of ${final.effects.length} events overtook an earlier one`, expected, counts(final));
  return fail('INVERSIONS', `${found.length} events of ${accounts} accounts were overtaken by a later one`, expected, [
    ...found.slice(0, 3).map(one => story(evidence, one)),
    ...counts(final),
  ]);
}

export function judgeEach(evidence: Seen): Judgement {
  const {final} = evidence;
  const expected = 'each event that the group has settled has taken effect';
  const seen = new Set(final.effects.map(({message}) => message));
  // What still waits is not lost; that it waits is a matter of throughput.
  const settled = final.source.filter(({partition, position}) => position <= (final.positions[partition] ?? 0));
  const missing = settled.filter(({id}) => !seen.has(id));
  if (settled.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'no event was settled', expected);
  if (missing.length === 0) return pass(`0 of ${settled.length} settled events are without an effect`, expected);
  return fail('EVENTS_MISSING', `${missing.length} of ${settled.length} settled events have no effect`, expected, [
    ...missing.slice(0, 3).map(({id, partition, position}) => {
      const tries = final.attempts.filter(attempt => attempt === id).length;
      return `event ${id}: at ${position} of partition ${partition}, settled; it came to the handler ${tries} times`;
    }),
    ...counts(final),
  ]);
}

export function judgeDeliveries({final}: Seen): Judgement {
  const expected = `${DELIVERIES_MAX} deliveries of a message on average: the one kill costs no more`;
  const distinct = new Set(final.attempts).size;
  const ratio = distinct === 0 ? 0 : final.attempts.length / distinct;
  const observed = `${ratio.toFixed(3)} deliveries of each of ${distinct} messages`;
  // Nothing at all is what another task refuses.
  if (distinct === 0) return inconclusive('NOTHING_TO_JUDGE', 'nothing came to the handler', expected);
  if (ratio <= DELIVERIES_MAX) return pass(observed, expected);
  const times = new Map<string, number>();
  for (const id of final.attempts) times.set(id, (times.get(id) ?? 0) + 1);
  const worst = [...times].toSorted((a, b) => b[1] - a[1]).slice(0, 3);
  return fail('DELIVERED_AGAIN', observed, expected, [
    ...worst.map(([id, count]) => `event ${id}: came to the handler ${count} times`),
    ...counts(final),
  ]);
}

export function judgeThroughput({final}: Seen): Judgement {
  const {perSecond, one} = throughput(final);
  const expected = `at least ${TIMES_FASTER} x what one consumer does: its work alone takes ${(1_000 / Math.max(one, 0.001)).toFixed(0)} ms a message`;
  const observed = `${perSecond.toFixed(1)} events a second, ${(perSecond / Math.max(one, 0.001)).toFixed(1)} x one consumer`;
  if (final.source.length === 0) return inconclusive('NOTHING_TO_JUDGE', 'nothing was published', expected);
  if (perSecond >= TIMES_FASTER * one) {
    // A few that were fast say nothing of those that still wait.
    const done = new Set(final.effects.map(({message}) => message)).size;
    const most = `${done} of ${final.source.length} events took effect`;
    return done * 2 < final.source.length
      ? inconclusive('NOTHING_TO_JUDGE', `only ${most}`, expected, counts(final))
      : pass(observed, expected, counts(final));
  }
  const partitions = new Set(final.effects.map(({partition}) => partition)).size;
  const nodes = new Set(final.effects.map(({node}) => node)).size;
  return fail('TOO_SLOW', observed, expected, [
    `effects came from ${partitions} partitions, by ${nodes} replicas`,
    ...counts(final),
  ]);
}

function story({final, times}: Seen, {account, late, overtakenBy}: Inversion): string {
  const at = (id: string): string => {
    const effect = final.effects.find(({message}) => message === id);
    if (effect === undefined) return 'never';
    return `+${((effect.at - times.attackFrom) / 1_000).toFixed(2)} s by ${effect.node} from partition ${effect.partition}`;
  };
  return `account ${account}: ${late} at ${at(late)}, after ${overtakenBy}, which was published later, at ${at(overtakenBy)}`;
}

function counts({source, effects, attempts}: Final): readonly string[] {
  return [
    `broker: ${source.length} events; handler: ${attempts.length} deliveries; stream-db: ${effects.length} effects`,
  ];
}
