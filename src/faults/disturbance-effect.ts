import {type Disturbance, isKitKind, type KitKind, type NodeMeasure} from '../runtime/disturbance.ts';
import type {FaultEffect} from './fault.ts';
import {isOver, judgeOrder} from './kit-effect.ts';

/** Quotas are kept over periods of 100 ms, and the busy loop begins somewhere in one. */
const SHARE_SLACK = 0.03;
/** A limit that is used up to this share is felt. */
const FULL = 0.95;

type Of<K extends Disturbance['kind']> = Extract<Disturbance, {readonly kind: K}>;
type Seen<K extends NodeMeasure['kind']> = Extract<NodeMeasure, {readonly kind: K}>;

/** Says what a disturbance that is in force does to a node. */
export function judgeDisturbed(
  disturbance: Disturbance,
  before: NodeMeasure | undefined,
  after: NodeMeasure | undefined,
): FaultEffect {
  if (after === undefined) return {verdict: 'pending', observed: 'not to be measured in it; it shows in traffic'};
  if (disturbance.kind === 'throttle' && after.kind === 'throttle')
    return judgeShare(disturbance, of('throttle', before), after);
  if (disturbance.kind === 'memory' && after.kind === 'memory') return judgeMemory(of('memory', before), after);
  if (disturbance.kind === 'skew' && after.kind === 'skew') return judgeClock(disturbance, of('skew', before), after);
  if ('endsAt' in disturbance && isOfKit(after)) return judgeOrder(disturbance, kitMeasure(before), after);
  if ('seen' in after) return judgePackets(after);
  return {verdict: 'none', observed: `measured ${after.kind} instead`};
}

/** Says whether a node is as it was: `none` when nothing of the disturbance is left, else `bites`. */
export function judgeCalm(
  disturbance: Disturbance,
  before: NodeMeasure | undefined,
  after: NodeMeasure | undefined,
): FaultEffect {
  const answer = (isBack: boolean, observed: string): FaultEffect => ({verdict: isBack ? 'none' : 'bites', observed});
  if (after === undefined) return answer(true, 'not to be measured in it');
  switch (after.kind) {
    case 'throttle': {
      const limit = disturbance.kind === 'throttle' ? disturbance.cpu : 1;
      if (after.share === undefined) return answer(true, 'not to be measured in it');
      const was = of('throttle', before)?.share ?? 1;
      return answer(
        after.share > Math.min(limit * 1.2 + SHARE_SLACK, 0.8 * was),
        `a busy loop got ${cores(after.share)}`,
      );
    }
    case 'memory': {
      const limit = disturbance.kind === 'memory' ? disturbance.limitBytes : 0;
      const was = of('memory', before)?.limitBytes;
      const isBack = was === undefined ? after.limitBytes > limit : after.limitBytes === was;
      return answer(isBack, `limit ${megabytes(after.limitBytes)}`);
    }
    case 'skew':
      return answer(Math.abs(after.offsetMs) <= after.withinMs + 50, `clock off by ${clockText(after)}`);
    case 'packet-loss':
    case 'ip-partition':
      return answer(!after.inForce, after.inForce ? 'packet rules are still there' : 'no packet rules of ours left');
    default:
      return answer(...isOver('endsAt' in disturbance ? disturbance : undefined, kitMeasure(before), after));
  }
}

/** One of the effects on several nodes: it bites only when it does on all of them. */
export function joinEffects(effects: readonly (readonly [node: string, FaultEffect])[]): FaultEffect {
  const verdicts = effects.map(([, {verdict}]) => verdict);
  const verdict = verdicts.includes('none') ? 'none' : verdicts.includes('pending') ? 'pending' : 'bites';
  return {verdict, observed: effects.map(([node, {observed}]) => `${node}: ${observed}`).join('; ')};
}

function judgeShare({cpu}: Of<'throttle'>, before: Seen<'throttle'> | undefined, after: Seen<'throttle'>): FaultEffect {
  if (after.share === undefined) {
    const heldBackMs = Math.round(after.heldBackMs - (before?.heldBackMs ?? 0));
    return heldBackMs > 0
      ? {verdict: 'bites', observed: `held back for ${heldBackMs} ms`}
      : {verdict: 'pending', observed: 'it has not wanted more yet; it shows under load'};
  }
  const from = before?.share === undefined ? '' : `${before.share.toFixed(2)} -> `;
  const observed = `a busy loop got ${from}${cores(after.share)}`;
  // On a machine that gives it no more than that anyway, the limit does nothing.
  const wasMore = before?.share === undefined || before.share > after.share;
  return {verdict: wasMore && after.share <= cpu * 1.2 + SHARE_SLACK ? 'bites' : 'none', observed};
}

function judgeMemory(before: Seen<'memory'> | undefined, after: Seen<'memory'>): FaultEffect {
  const from = before === undefined ? '' : `${megabytes(before.limitBytes)} -> `;
  const refused = (after.refused ?? 0) - (before?.refused ?? 0);
  const often = refused > 0 ? `, kept from more ${refused} times` : '';
  const observed = `limit ${from}${megabytes(after.limitBytes)}, ${megabytes(after.usedBytes)} in use${often}`;
  if (before !== undefined && after.limitBytes >= before.limitBytes) return {verdict: 'none', observed};
  if (refused > 0 || after.usedBytes >= FULL * after.limitBytes) return {verdict: 'bites', observed};
  return {verdict: 'pending', observed: `${observed}; it shows when the node wants more`};
}

function judgeClock({offsetMs, drift}: Of<'skew'>, before: Seen<'skew'> | undefined, after: Seen<'skew'>): FaultEffect {
  const moved = after.offsetMs - (before?.offsetMs ?? 0);
  const observed = `clock off by ${clockText(after)}`;
  const least = Math.max(after.withinMs + (before?.withinMs ?? 0), Math.abs(offsetMs) / 2, 1);
  if (Math.abs(moved) > least) return {verdict: 'bites', observed};
  return drift !== 0
    ? {verdict: 'pending', observed: `${observed}; the drift shows in time`}
    : {verdict: 'none', observed};
}

function judgePackets({inForce, seen, dropped}: Seen<'packet-loss' | 'ip-partition'>): FaultEffect {
  if (!inForce) return {verdict: 'none', observed: 'no packet rules of ours are in force'};
  const observed = `${dropped} of ${seen} packets dropped`;
  return dropped > 0
    ? {verdict: 'bites', observed}
    : {verdict: 'pending', observed: `${observed}; it may show in traffic`};
}

function isOfKit(measure: NodeMeasure): measure is Seen<KitKind> {
  return isKitKind(measure.kind);
}

function kitMeasure(measure: NodeMeasure | undefined): Seen<KitKind> | undefined {
  return measure !== undefined && isOfKit(measure) ? measure : undefined;
}

function of<K extends NodeMeasure['kind']>(kind: K, measure: NodeMeasure | undefined): Seen<K> | undefined {
  return measure?.kind === kind ? (measure as Seen<K>) : undefined;
}

function clockText({offsetMs, withinMs}: Seen<'skew'>): string {
  const seconds = (offsetMs / 1000).toFixed(Math.abs(offsetMs) < 10_000 ? 3 : 1);
  return `${offsetMs > 0 ? '+' : ''}${seconds} s (within ${Math.ceil(withinMs)} ms)`;
}

function cores(share: number): string {
  return `${share.toFixed(2)} of a core`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
