import type {Fabric, ProbeResult, ToxicAttributes} from '../fabric/fabric.ts';
import type {FaultEffect, FaultKind} from './fault.ts';

const PROXIES_MAX = 3;
const SILENCE_MS = 300;
/** Within this of the round trip before, or within three times it, counts as back. */
const BACK_WITHIN_MS = 5;

export interface Probes {
  readonly count: number;
  readonly answered: number;
  /** Median of the medians of the proxies, ms; null when nothing answered. */
  readonly medianMs: number | null;
  readonly failures: Readonly<Record<string, number>>;
  readonly timeoutMs: number;
}

export interface ProbePlan {
  readonly proxies: readonly string[];
  /** Per proxy. */
  readonly count: number;
  readonly timeoutMs: number;
}

/** Which proxies to probe for a fault, how often, and how long to wait for an answer that it delays. */
export function probePlan(kind: FaultKind, attributes: ToxicAttributes, proxies: readonly string[]): ProbePlan {
  const sample = spread(proxies, PROXIES_MAX);
  const delayMs =
    kind === 'latency'
      ? 2 * Number(attributes.latency) + 4 * Number(attributes.jitter)
      : Number(attributes.timeout ?? 0);
  return {proxies: sample, count: sample.length > 1 ? 3 : 5, timeoutMs: SILENCE_MS + delayMs};
}

/** Probes all proxies of a plan at the same time; a proxy that is not there counts as failed. */
export async function takeProbes(fabric: Fabric, plan: ProbePlan): Promise<Probes> {
  const {count, timeoutMs} = plan;
  const missing = (proxy: string): ProbeResult => ({
    proxy,
    answered: 0,
    failed: count,
    medianMs: null,
    failures: {'no such link': count},
  });
  const results = await Promise.all(
    plan.proxies.map(proxy => fabric.probe(proxy, {count, timeoutMs}).catch(() => missing(proxy))),
  );
  const failures: Record<string, number> = {};
  for (const result of results) {
    for (const [name, times] of Object.entries(result.failures)) failures[name] = (failures[name] ?? 0) + times;
  }
  const medians = results.flatMap(({medianMs}) => medianMs ?? []).sort((a, b) => a - b);
  return {
    count: count * results.length,
    answered: results.reduce((sum, {answered}) => sum + answered, 0),
    medianMs: medians[medians.length >> 1] ?? null,
    failures,
    timeoutMs,
  };
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
  if (before !== undefined && before.answered === 0) {
    return {verdict: 'none', observed: `${observed}, as before the fault`};
  }
  if (after.answered < after.count && kind !== 'latency') return {verdict: 'bites', observed};
  if (kind === 'latency' && (after.answered === 0 || isSlower(attributes, before, after)))
    return {verdict: 'bites', observed};
  return showsInTrafficOnly(kind, attributes)
    ? {verdict: 'pending', observed: `${observed}; it may show in traffic`}
    : {verdict: 'none', observed};
}

/** Says whether the probes are as they were before the fault: `none` when they are (nothing is disturbed any more), else `bites`. */
export function judgeHealed(before: Probes | undefined, after: Probes): FaultEffect {
  const observed =
    after.medianMs === null
      ? failureText(after)
      : `round trip ${ms(after.medianMs)}${wasText(before)} (${probesText(after)})`;
  const broken = before !== undefined && before.answered === 0;
  if (broken && after.answered < after.count) return {verdict: 'none', observed: `${observed}, as before the fault`};
  const isBack =
    after.answered === after.count &&
    (before === undefined ||
      before.medianMs === null ||
      after.medianMs === null ||
      after.medianMs <= Math.max(before.medianMs * 3, before.medianMs + BACK_WITHIN_MS));
  return {verdict: isBack ? 'none' : 'bites', observed};
}

function isSlower(attributes: ToxicAttributes, before: Probes | undefined, after: Probes): boolean {
  if (after.medianMs === null) return true;
  const added = Number(attributes.latency) * (attributes.stream === 'both' ? 2 : 1);
  if (added === 0 && Number(attributes.jitter) === 0) return false;
  const least = Math.max(0.5, 0.5 * (added - Number(attributes.jitter)));
  return after.medianMs - (before?.medianMs ?? 0) >= least;
}

/** A share of connections or answers may leave a few probes alone. */
function showsInTrafficOnly(kind: FaultKind, attributes: ToxicAttributes): boolean {
  const share = Number(attributes.toxicity ?? 1);
  return (
    (share > 0 && share < 1) ||
    (kind === 'drop-reply' && share > 0 && attributes.probability !== 0) ||
    (kind === 'reset' && Number(attributes.timeout) > 0)
  );
}

function clampText(kind: FaultKind, {latency, jitter, distribution}: ToxicAttributes): string {
  const isClamped = kind === 'latency' && Number(jitter) > Number(latency) && distribution !== 'pareto';
  return isClamped ? '; the jitter is larger than the latency, so delays end at 0' : '';
}

function describeProbes(before: Probes | undefined, after: Probes): string {
  if (after.answered < after.count) return failureText(after);
  const from = before?.medianMs === undefined || before.medianMs === null ? '' : `${ms(before.medianMs)} -> `;
  return `round trip ${from}${ms(after.medianMs ?? 0)} (${probesText(after)})`;
}

function failureText({count, failures, timeoutMs}: Probes): string {
  const texts = Object.entries(failures).map(([name, times]) => {
    const share = `${times} of ${count} probes`;
    if (name === 'timeout') return `no answer within ${timeoutMs} ms (${share})`;
    if (name === 'ECONNREFUSED') return `${share} refused`;
    if (name === 'ECONNRESET') return `${share} reset`;
    if (name === 'closed') return `${share} cut without an answer`;
    return `${share} failed (${name})`;
  });
  return texts.join(', ');
}

function wasText(before: Probes | undefined): string {
  return before?.medianMs === undefined || before.medianMs === null ? '' : `, before the fault ${ms(before.medianMs)}`;
}

function probesText({answered, count}: Probes): string {
  return answered === count ? `${count} probes` : `${answered} of ${count} probes`;
}

function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** First, last and what lies evenly between, at most `max`. */
function spread(names: readonly string[], max: number): readonly string[] {
  if (names.length <= max) return names;
  return Array.from({length: max}, (_, index) => names[Math.round((index * (names.length - 1)) / (max - 1))] ?? '');
}
