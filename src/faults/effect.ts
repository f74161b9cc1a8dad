import type {Fabric, ProbeLook, ProbeResult, ToxicAttributes} from '../fabric/fabric.ts';
import type {FaultEffect, FaultKind} from './fault.ts';
import {judgeLoad, type Load, sizeText} from './load-effect.ts';
import type {ProbePlan} from './probe-plan.ts';

/** Within this of the round trip before, or within three times it, counts as back. */
const BACK_WITHIN_MS = 5;

export interface Probes {
  readonly count: number;
  readonly answered: number;
  /** Median of the medians of the proxies, ms; null when nothing answered. */
  readonly medianMs: number | null;
  readonly failures: Readonly<Record<string, number>>;
  /** How many of the answers a toxic gave, by their status. */
  readonly injected: Readonly<Record<string, number>>;
  readonly loads: readonly Load[];
  readonly look: ProbeLook;
  readonly timeoutMs: number;
}

/** Probes all proxies of a plan at the same time; a proxy that is not there counts as failed. */
export async function takeProbes(fabric: Fabric, plan: ProbePlan): Promise<Probes> {
  const {count, timeoutMs, look} = plan;
  const options = {count, timeoutMs, ...(look === undefined ? {} : {look})};
  const missing = (proxy: string): ProbeResult => ({
    proxy,
    answered: 0,
    failed: count,
    medianMs: null,
    failures: {'no such link': count},
  });
  const results = await Promise.all(
    plan.proxies.map(proxy => fabric.probe(proxy, options).catch(() => missing(proxy))),
  );
  const medians = results.flatMap(({medianMs}) => medianMs ?? []).sort((a, b) => a - b);
  return {
    count: count * results.length,
    answered: results.reduce((sum, {answered}) => sum + answered, 0),
    medianMs: medians[medians.length >> 1] ?? null,
    failures: sums(results.map(({failures}) => failures)),
    injected: sums(results.map(({injected = {}}) => injected)),
    loads: results.flatMap(({loads = []}) => loads),
    look: look ?? {at: 'answer'},
    timeoutMs,
  };
}

function sums(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const each of counts) {
    for (const [name, times] of Object.entries(each)) total[name] = (total[name] ?? 0) + times;
  }
  return total;
}

/** Says what a fault that is in force did to the probes. */
export function judgeEffect(
  kind: FaultKind,
  attributes: ToxicAttributes,
  before: Probes | undefined,
  after: Probes,
): FaultEffect {
  if (after.count === 0) return {verdict: 'pending', observed: 'no link to probe; it shows in traffic only'};
  const observed = `${describeProbes(before, after)}${clampText(kind, attributes)}`;
  if (before !== undefined && before.answered === 0) return judgeBroken(observed, before, after);
  if (after.look.at === 'load') {
    const judged = judgeLoad(kind, attributes, before?.loads ?? [], after.loads);
    if (judged.verdict === 'bites') return judged;
    if (attributes.toxicity === 0) return {verdict: 'none', observed};
    return judged.verdict === 'none' && isShare(attributes.toxicity)
      ? {verdict: 'pending', observed: `${judged.observed}; it may show in traffic`}
      : judged;
  }
  const addedMs = expectedDelayMs(kind, attributes);
  const bites =
    addedMs === undefined
      ? after.answered < after.count || Object.keys(after.injected).length > 0
      : after.answered === 0 || isSlower(addedMs, before, after);
  if (bites) return {verdict: 'bites', observed};
  return showsInTrafficOnly(kind, attributes)
    ? {verdict: 'pending', observed: `${observed}; it may show in traffic`}
    : {verdict: 'none', observed};
}

/** Where nothing was answered before, it can only fail in another way now. */
function judgeBroken(observed: string, before: Probes, after: Probes): FaultEffect {
  const failsAsBefore = Object.keys(after.failures).some(name => Object.hasOwn(before.failures, name));
  if (after.answered > 0) return {verdict: 'pending', observed: `${observed}; before the fault ${failureText(before)}`};
  if (failsAsBefore) return {verdict: 'none', observed: `${observed}, as before the fault`};
  return {verdict: 'bites', observed: `${failureText(before)} -> ${observed}`};
}

/** Says whether the probes are as they were before the fault: `none` when they are (nothing is disturbed any more), else `bites`. */
export function judgeHealed(before: Probes | undefined, after: Probes): FaultEffect {
  const observed =
    after.medianMs === null
      ? failureText(after)
      : `${timedText(after)} ${ms(after.medianMs)}${wasText(before)} (${probesText(after)})`;
  const broken = before !== undefined && before.answered === 0;
  if (broken && after.answered < after.count) return {verdict: 'none', observed: `${observed}, as before the fault`};
  const isBack =
    after.answered === after.count &&
    Object.keys(after.injected).length === 0 &&
    (before === undefined ||
      before.medianMs === null ||
      after.medianMs === null ||
      after.medianMs <= Math.max(before.medianMs * 3, before.medianMs + BACK_WITHIN_MS));
  return {verdict: isBack ? 'none' : 'bites', observed};
}

/** What a fault that delays adds to a probe, ms: least and normally. Undefined: it does not delay. */
function expectedDelayMs(kind: FaultKind, attributes: ToxicAttributes): Delay | undefined {
  const ways = attributes.stream === 'both' ? 2 : 1;
  if (kind === 'slow-open') return {addedMs: Number(attributes.delay), jitterMs: 0};
  if (kind === 'slow-close') return {addedMs: Number(attributes.delay) * ways, jitterMs: 0};
  return kind === 'latency'
    ? {addedMs: Number(attributes.latency) * ways, jitterMs: Number(attributes.jitter)}
    : undefined;
}

interface Delay {
  readonly addedMs: number;
  readonly jitterMs: number;
}

function isSlower({addedMs, jitterMs}: Delay, before: Probes | undefined, after: Probes): boolean {
  if (after.medianMs === null) return true;
  if (addedMs === 0 && jitterMs === 0) return false;
  const least = Math.max(0.5, 0.5 * (addedMs - jitterMs));
  return after.medianMs - (before?.medianMs ?? 0) >= least;
}

/** A share of connections or answers may leave a few probes alone, and what comes late is not waited for. */
function showsInTrafficOnly(kind: FaultKind, attributes: ToxicAttributes): boolean {
  if (attributes.toxicity === 0) return false;
  return (
    isShare(attributes.toxicity) ||
    ((kind === 'drop-reply' || kind === 'reply-status') && attributes.probability !== 0) ||
    kind === 'cutoff' ||
    kind === 'limit' ||
    (kind === 'reset' && Number(attributes.timeout) > 0)
  );
}

function isShare(toxicity: unknown): boolean {
  return typeof toxicity === 'number' && toxicity > 0 && toxicity < 1;
}

function clampText(kind: FaultKind, {latency, jitter, distribution}: ToxicAttributes): string {
  const isClamped = kind === 'latency' && Number(jitter) > Number(latency) && distribution !== 'pareto';
  return isClamped ? '; the jitter is larger than the latency, so delays end at 0' : '';
}

function describeProbes(before: Probes | undefined, after: Probes): string {
  if (after.answered < after.count) return failureText(after);
  const injected = Object.entries(after.injected).map(
    ([status, times]) => `${times} of ${after.count} probes answered with ${status} in its place`,
  );
  if (injected.length > 0) return injected.join(', ');
  const from = before?.medianMs === undefined || before.medianMs === null ? '' : `${ms(before.medianMs)} -> `;
  return `${timedText(after)} ${from}${ms(after.medianMs ?? 0)} (${probesText(after)})`;
}

function timedText({look}: Probes): string {
  if (look.at === 'closing') return 'closing';
  return look.at === 'load' ? `${sizeText(look.bytes)} each way` : 'round trip';
}

function failureText({count, failures, timeoutMs}: Probes): string {
  const texts = Object.entries(failures).map(([name, times]) => {
    const share = `${times} of ${count} probes`;
    if (name === 'timeout') return `no answer within ${timeoutMs} ms (${share})`;
    if (name === 'ECONNREFUSED') return `${share} refused`;
    if (name === 'ECONNRESET') return `${share} reset`;
    if (name === 'cut') return `${share} closed after their answer`;
    if (name === 'closed') return `${share} cut without an answer`;
    return `${share} failed (${name})`;
  });
  return texts.join(', ');
}

function wasText(before: Probes | undefined): string {
  return before?.medianMs === undefined || before.medianMs === null ? '' : `, before the fault ${ms(before.medianMs)}`;
}

function probesText({answered, count}: Probes): string {
  return answered === count ? `${count} ${count === 1 ? 'probe' : 'probes'}` : `${answered} of ${count} probes`;
}

function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`;
}
