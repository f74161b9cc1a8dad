import type {LoadFigures, ProbeResult, ToxicAttributes} from '../fabric/fabric.ts';
import type {FaultEffect, FaultKind} from './fault.ts';

export type Load = NonNullable<ProbeResult['loads']>[number];

/** A measured rate that is within this share of the limit obeys it: what a small load shows is not exact. */
const RATE_SLACK = 1.25;
/** From this rate on, KB/s, a link may be no faster anyway, and a small load does not tell. */
const FAST_RATE = 20_000;

interface Pair {
  readonly direction: 'upstream' | 'downstream';
  readonly before: LoadFigures | undefined;
  readonly after: LoadFigures;
}

/** What a fault did to the bytes that were sent through it; on several links: to those that it disturbed least. */
export function judgeLoad(
  kind: FaultKind,
  attributes: ToxicAttributes,
  before: readonly Load[],
  after: readonly Load[],
): FaultEffect {
  const directions = (['downstream', 'upstream'] as const).filter(
    direction => attributes.stream === 'both' || attributes.stream === direction,
  );
  const pairs = directions.flatMap(direction =>
    after.map((load, index): Pair => ({direction, before: before[index]?.[direction], after: load[direction]})),
  );
  const judge = kind === 'bandwidth' ? judgeRate : kind === 'slice' ? judgeSlices : judgeLimit;
  const judged = pairs.map(pair => judge(attributes, pair));
  const least = judged.find(({verdict}) => verdict !== 'bites') ?? judged[0];
  return least ?? {verdict: 'pending', observed: 'no link to probe; it shows in traffic only'};
}

function judgeRate({rate: rawRate}: ToxicAttributes, {direction, before, after}: Pair): FaultEffect {
  const limit = Number(rawRate);
  if (after.bytes === 0) return {verdict: 'bites', observed: `${direction}: nothing arrived`};
  const rate = after.bytes / after.ms;
  const from = before === undefined || before.bytes === 0 ? '' : `${rateText(before.bytes / before.ms)} -> `;
  const observed = `${direction} ${from}${rateText(rate)} (${sizeText(after.bytes)})`;
  const wasFaster = before === undefined || before.bytes / before.ms > limit * RATE_SLACK;
  if (rate <= limit * RATE_SLACK && wasFaster) return {verdict: 'bites', observed};
  return limit >= FAST_RATE
    ? {verdict: 'pending', observed: `${observed}; it may show in traffic`}
    : {verdict: 'none', observed};
}

function judgeSlices(_: ToxicAttributes, {direction, before, after}: Pair): FaultEffect {
  const pieces = (figures: LoadFigures): string => `${figures.pieces} ${figures.pieces === 1 ? 'piece' : 'pieces'}`;
  const from = before === undefined ? '' : `${pieces(before)} -> `;
  const observed = `${direction} ${sizeText(after.bytes)} in ${from}${pieces(after)}`;
  return after.pieces > 1.5 * (before?.pieces ?? 1)
    ? {verdict: 'bites', observed}
    : {verdict: 'pending', observed: `${observed}; it may show in traffic`};
}

function judgeLimit({bytes: rawLimit}: ToxicAttributes, {direction, after}: Pair): FaultEffect {
  const limit = Number(rawLimit);
  return after.bytes === limit
    ? {verdict: 'bites', observed: `${direction}: closed after ${limit} B`}
    : {verdict: 'none', observed: `${direction}: ${after.bytes} B passed`};
}

export function sizeText(bytes: number): string {
  return bytes < 10_000 ? `${bytes} B` : `${Math.round(bytes / 1000)} KB`;
}

/** Of a rate in KB/s, which is bytes per ms. */
function rateText(rate: number): string {
  if (rate >= 1000) return `${(rate / 1000).toFixed(rate >= 10_000 ? 0 : 1)} MB/s`;
  return `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} KB/s`;
}
