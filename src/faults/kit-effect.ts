import type {KitDisturbance, KitKind, NodeMeasure} from '../runtime/disturbance.ts';
import type {FaultEffect} from './fault.ts';

/** Of the length of a block, what an answer has to be later by: the question may come somewhere in it. */
const LATE_SHARE = 0.4;
/** An idle machine answers within a few ms, a busy one within this. */
const LATE_MS_MIN = 50;
/** A service's memory comes and goes by this much by itself. */
const BREATH_BYTES = 16_000_000;
const NO_ANSWER_MS = 2_000;

type Seen<K extends KitKind> = Extract<NodeMeasure, {readonly kind: K}>;
type KitMeasure = Seen<KitKind>;

/** Says what a disturbance of the kit does to a node. `before` and `after` are of its kind. */
export function judgeOrder(
  disturbance: KitDisturbance,
  before: KitMeasure | undefined,
  after: KitMeasure,
): FaultEffect {
  if (disturbance.kind === 'busy' && after.kind === 'busy') return judgeBusy(disturbance, of('busy', before), after);
  if (disturbance.kind === 'leak' && after.kind === 'leak') return judgeLeak(disturbance, of('leak', before), after);
  if ('deliveries' in after) return judgeDeliveries(after);
  return {verdict: 'none', observed: `measured ${after.kind} instead`};
}

/** Whether a node is as it was, and what was seen. */
export function isOver(
  disturbance: KitDisturbance | undefined,
  before: KitMeasure | undefined,
  after: KitMeasure,
): readonly [isBack: boolean, observed: string] {
  switch (after.kind) {
    case 'busy': {
      const was = of('busy', before)?.slowestMs ?? 0;
      const isBack = after.answered === after.asked && after.slowestMs <= Math.max(3 * was, was + LATE_MS_MIN);
      return [isBack, loopText(of('busy', before), after)];
    }
    case 'leak': {
      const limit = disturbance?.kind === 'leak' ? disturbance.limitBytes : 0;
      const more = after.usedBytes - (of('leak', before)?.usedBytes ?? after.usedBytes);
      const isBack = (after.heldBytes ?? 0) === 0 && more < Math.max(BREATH_BYTES, limit / 4);
      return [isBack, memoryText(of('leak', before), after)];
    }
    default:
      return [!after.inForce, after.inForce ? 'deliveries are still disturbed' : 'deliveries are left alone'];
  }
}

function judgeBusy(
  {share, periodMs}: Extract<KitDisturbance, {readonly kind: 'busy'}>,
  before: Seen<'busy'> | undefined,
  after: Seen<'busy'>,
): FaultEffect {
  const blockMs = share >= 1 ? NO_ANSWER_MS : Math.min(NO_ANSWER_MS, share * periodMs);
  const later = after.slowestMs - (before?.slowestMs ?? 0);
  const isHeldUp = after.answered < after.asked || later >= LATE_SHARE * blockMs;
  return {verdict: isHeldUp ? 'bites' : 'none', observed: loopText(before, after)};
}

function judgeLeak(
  {limitBytes}: Extract<KitDisturbance, {readonly kind: 'leak'}>,
  before: Seen<'leak'> | undefined,
  after: Seen<'leak'>,
): FaultEffect {
  const observed = memoryText(before, after);
  // Where nobody looked before, only the node itself can say what is new.
  const more = before === undefined ? (after.heldBytes ?? 0) : after.usedBytes - before.usedBytes;
  return more >= Math.min(BREATH_BYTES, limitBytes / 2)
    ? {verdict: 'bites', observed}
    : {verdict: 'pending', observed: `${observed}; it shows as it grows`};
}

function judgeDeliveries({kind, deliveries, affected, note}: Seen<'redeliver' | 'reorder'>): FaultEffect {
  const observed = `${affected} of ${deliveries} deliveries ${kind === 'redeliver' ? 'doubled' : 'moved'}`;
  if (affected > 0) return {verdict: 'bites', observed};
  return note === undefined
    ? {verdict: 'pending', observed: `${observed}; it shows in what is published`}
    : {verdict: 'none', observed: note};
}

function loopText(before: Seen<'busy'> | undefined, {asked, answered, slowestMs}: Seen<'busy'>): string {
  const from = before === undefined ? '' : `${Math.round(before.slowestMs)} -> `;
  if (answered === 0) return `no answer within ${NO_ANSWER_MS} ms (${asked} probes of /livez)`;
  const missing = answered === asked ? '' : `, ${asked - answered} without an answer within ${NO_ANSWER_MS} ms`;
  return `slowest answer ${from}${Math.round(slowestMs)} ms (${asked} probes of /livez${missing})`;
}

function memoryText(before: Seen<'leak'> | undefined, {usedBytes, heldBytes, note}: Seen<'leak'>): string {
  const from = before === undefined ? '' : `${megabytes(before.usedBytes)} -> `;
  const held = heldBytes === undefined || heldBytes === 0 ? '' : `, ${megabytes(heldBytes)} of it leaked`;
  return `${from}${megabytes(usedBytes)} in use${held}${note === undefined ? '' : `: ${note}`}`;
}

function of<K extends KitKind>(kind: K, measure: KitMeasure | undefined): Seen<K> | undefined {
  return measure?.kind === kind ? (measure as Seen<K>) : undefined;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
