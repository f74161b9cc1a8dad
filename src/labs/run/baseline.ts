import type {RequestLogEntry} from '../../fabric/fabric.ts';
import type {LatencySummary, LedgerEntry} from '../../load/load.ts';
import {inconclusive} from '../verdict.ts';
import {breaksTheService, brokenByLearner, replacedServices} from './blame.ts';
import type {RunContext, Stopped} from './context.ts';
import {CONTROL_LINK, type ControlStream, wasBusy} from './control.ts';
import {drive, lengthMs, shortened, slowed} from './drive.ts';
import {labsFault} from './prepare.ts';
import {tooLittleWork} from './work.ts';

/** A look and a demonstration need no more of a baseline than this, ms. */
const SHORT_MS = 2_500;

export interface Baseline {
  readonly from: number;
  readonly entries: readonly LedgerEntry[];
  readonly requests: readonly RequestLogEntry[];
  readonly control: LatencySummary;
  /** Why the healthy system did not meet the lab's baseline; undefined when it did. */
  readonly unhealthy: string | undefined;
}

/** Drives a lighter load through the healthy system. What is wrong before anything was broken is not judged as if it had been. */
export async function runBaseline(
  context: RunContext,
  setup: unknown,
  control: ControlStream,
): Promise<Baseline | Stopped> {
  const {lab, system, mode} = context;
  const full = slowed(
    inLab(context, () => lab.baseline.load(context.tools('baseline'), setup)),
    context.slowdown,
  );
  const spec = mode === 'check' ? full : shortened({operations: full.operations}, SHORT_MS * context.slowdown);
  context.emit({
    type: 'phase',
    phase: 'baseline',
    text: 'the healthy system under a lighter load',
    expectedMs: lengthMs(spec),
  });
  const stream = await context.settled(control.during('baseline'));
  const driven = await drive(context, {phase: 'baseline', spec});
  const calm = await context.settled(stream.stop());
  const requests = await requestsSince(context, driven.from);
  const ok = driven.entries.filter(entry => entry.outcome === 'ok').length;
  const share = driven.entries.length === 0 ? 0 : ok / driven.entries.length;
  const unhealthy =
    share < lab.baseline.okShareMin
      ? `${ok} of ${driven.entries.length} operations were answered in time before anything was broken`
      : tooLittleWork(spec, driven.entries);
  if (unhealthy !== undefined) {
    const broken = brokenByLearner(
      replacedServices(lab, system),
      requests,
      system.events(driven.from),
      wasBusy(calm, []),
    );
    if (broken) return {stopped: await breaksTheService(system, broken)};
  }
  return {from: driven.from, entries: driven.entries, requests, control: calm, unhealthy};
}

/** The judgement of every task when the healthy system did not meet the baseline. */
export function unhealthyBaseline(context: RunContext, {entries, unhealthy, control}: Baseline): Stopped {
  const share = `${Math.round(context.lab.baseline.okShareMin * 100)} %`;
  return {
    stopped: inconclusive(
      'UNHEALTHY_BASELINE',
      unhealthy ?? '',
      `at least ${share} of the baseline's operations answered in time`,
      [...reasons(entries), `the control stream's p99 was ${control.p99.toFixed(1)} ms`],
    ),
  };
}

/** The request log since a point in time, without the control stream. */
export async function requestsSince({system}: RunContext, since: number): Promise<readonly RequestLogEntry[]> {
  return (await system.fabric.requests(since)).filter(request => request.link !== CONTROL_LINK);
}

/** Runs a lab's own code; what it throws is the lab's fault. */
export function inLab<T>({lab}: RunContext, work: () => T, what = 'its load'): T {
  try {
    return work();
  } catch (error) {
    throw labsFault(lab, what, error);
  }
}

function reasons(entries: readonly LedgerEntry[]): string[] {
  const counts = new Map<string, number>();
  for (const entry of entries.filter(({outcome}) => outcome !== 'ok')) {
    const reason =
      entry.outcome === 'dropped'
        ? 'could not be sent'
        : String(entry.status ?? entry.sends.at(-1)?.error ?? 'no answer');
    const key = `${entry.name}: ${reason}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 5)
    .map(([reason, count]) => `${count} x ${reason}`);
}
