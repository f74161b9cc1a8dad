import {LabError} from '../../errors.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import type {CrashPointSeries, TimedAct, TimedFault} from '../lab.ts';
import type {CrashSeriesOutcome} from '../system.ts';
import type {RunContext} from './context.ts';

type Entry = TimedFault | CrashPointSeries | TimedAct;

/** The lab's faults on their timetable while the load runs. */
export interface Timetable {
  /** Every fault has had its whole window, and every series its hits. */
  isOver(): boolean;
  /** Looks whether the faults that should be in force are. */
  look(): Promise<void>;
  /**
   * Ends the timetable, and says what of it did not happen as planned, one sentence each. Faults that are in force stay so. `isDecided`: nobody
   * needs the rest of what is being done.
   */
  end(isDecided?: boolean): Promise<readonly string[]>;
}

/** Errors of an injection that say something about the system, not about the lab. */
const OF_THE_SYSTEM = new Set(['NODE_GONE', 'NODE_NOT_READY', 'FAULT_FAILED', 'NOT_POSSIBLE_HERE']);

/** Starts the timetable; `from` is when the load began, unix ms. */
export function startTimetable(context: RunContext, entries: readonly Entry[], from: number): Timetable {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, context.signal]);
  const decided = new AbortController();
  const cut = AbortSignal.any([decided.signal, context.signal]);
  const injected: Injected[] = [];
  const problems: string[] = [];
  let left = entries.length;

  const runs = entries.map(async (entry, index) => {
    const startsAt = from + (entry.kind === 'crash-points' ? entry.fromMs : entry.atMs);
    const reached = await waitUntil(startsAt, signal);
    if (!reached) {
      problems.push(`${nameOf(entry)} never began: the load had ended before ${seconds(startsAt - from)}`);
      return;
    }
    if (entry.kind === 'crash-points') problems.push(...(await runSeries(context, entry, signal)));
    else if (entry.kind === 'act') problems.push(...(await doAct(context, entry, cut)));
    else await injectOne(context, entry, {index, injected, problems, signal});
    left -= 1;
  });
  // Failures are reported by `end`; until then nobody listens.
  for (const run of runs) run.catch(() => ended.abort());

  return {
    isOver: () => left === 0,
    look: () => lookAt(context, injected),
    async end(isDecided = false) {
      ended.abort();
      if (isDecided) decided.abort();
      const outcomes = await Promise.allSettled(runs);
      const failed = outcomes.find(outcome => outcome.status === 'rejected');
      if (failed) throw failed.reason;
      await lookAt(context, injected);
      return [...problems, ...injected.flatMap(one => withoutEffect(context, one))];
    },
  };
}

interface Injected {
  record: FaultRecord;
  readonly fault: TimedFault;
  /** What the fabric had of it at the last look. */
  actions: number;
  seen: boolean;
  missing: boolean;
}

async function injectOne(
  context: RunContext,
  fault: TimedFault,
  {index, injected, problems, signal}: {index: number; injected: Injected[]; problems: string[]; signal: AbortSignal},
): Promise<void> {
  const {lab, system} = context;
  let record: FaultRecord;
  try {
    record = await system.inject({
      kind: fault.kind,
      target: fault.target,
      attributes: fault.attributes ?? {},
      forMs: fault.forMs,
      seed: context.random.stream(`fault/${index}`).integer(0, 0x7fffffff),
      reason: reasonOf(lab),
    });
  } catch (error) {
    if (error instanceof LabError && OF_THE_SYSTEM.has(error.code)) {
      problems.push(`${nameOf(fault)} could not be injected: ${error.message}`);
      return;
    }
    if (error instanceof LabError && error.code === 'INTERRUPTED') throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LabError('BROKEN_LAB', `Lab ${lab.id}: its fault "${nameOf(fault)}" was refused: ${reason}`, {
      cause: error,
    });
  }
  const one = {record, fault, actions: 0, seen: false, missing: false};
  injected.push(one);
  context.emit({type: 'fault', fault: record});
  await waitUntil((record.appliedAt ?? Date.now()) + fault.forMs, signal);
  const now = system.faults().find(({id}) => id === record.id);
  if (now && now.state !== 'active') context.emit({type: 'fault', fault: now});
}

async function runSeries(context: RunContext, series: CrashPointSeries, signal: AbortSignal): Promise<string[]> {
  const random = context.random.stream(`series/${series.points.join('+')}`);
  const reason = `lab ${context.lab.id}`;
  let hits: CrashSeriesOutcome['hits'];
  try {
    ({hits} = await context.system.runCrashSeries(series, {random, reason, signal}));
  } catch (error) {
    if (!(error instanceof LabError && OF_THE_SYSTEM.has(error.code))) throw error;
    return [`${nameOf(series)} could not be armed: ${error.message}`];
  }
  for (const hit of hits) context.emit({type: 'note', text: `${hit.node} was killed at ${hit.point}`});
  if (hits.length >= series.times) return [];
  return [`${nameOf(series)} hit ${hits.length} of ${series.times} times`];
}

async function doAct({lab, emit}: RunContext, {name, act}: TimedAct, cut: AbortSignal): Promise<string[]> {
  emit({type: 'note', text: name});
  try {
    await act(cut);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const ofTheSystem = error instanceof LabError ? OF_THE_SYSTEM.has(error.code) : isUnavailable(error);
    if (ofTheSystem) return [`"${name}" could not be done: ${reason}`];
    throw new LabError('BROKEN_LAB', `Lab ${lab.id}: "${name}" failed: ${reason}`, {cause: error});
  }
}

/** How the broker port says that the broker cannot be reached. */
function isUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnavailableError';
}

/** Follows every fault in force: it has to be in the fabric for its whole window, and something has to come past it. */
async function lookAt({system}: RunContext, injected: readonly Injected[]): Promise<void> {
  const watched = injected.filter(one => one.record.toxic !== undefined && !one.missing);
  if (watched.length === 0) return;
  const askedAt = Date.now();
  const toxics = new Map((await system.fabric.toxics()).map(toxic => [toxic.id, toxic]));
  for (const one of watched) {
    const toxic = toxics.get(one.record.id);
    if (toxic) {
      one.seen = true;
      one.actions = toxic.touched.connections + toxic.touched.actions;
    } else if (one.record.endsAt !== null && askedAt < one.record.endsAt - CLOCK_SLACK_MS) {
      one.missing = true;
    }
  }
}

const CLOCK_SLACK_MS = 100;

/** In what way a fault was not what the lab asked for: ended early by somebody, or without an effect. */
function withoutEffect({system}: RunContext, {record: first, fault, actions, seen, missing}: Injected): string[] {
  const record = system.faults().find(({id}) => id === first.id) ?? first;
  const name = nameOf(fault);
  if (record.state === 'failed') return [`${name} failed: ${record.effect?.observed ?? 'no reason was given'}`];
  const plannedEnd = record.endsAt ?? (record.appliedAt ?? 0) + fault.forMs;
  const endedEarly = record.endedAt !== undefined && record.endedAt < plannedEnd - CLOCK_SLACK_MS;
  if (missing || (endedEarly && ENDED_BY_SOMEBODY.has(record.endedBy)))
    return [`${name} was ended from outside before its time${record.endedBy ? ` (${record.endedBy})` : ''}`];
  if (record.effect?.verdict === 'none') return [`${name} had no effect: ${record.effect.observed}`];
  if (record.effect?.verdict === 'pending' && seen && actions === 0)
    return [`${name} had no effect: nothing came past it`];
  return [];
}

const ENDED_BY_SOMEBODY: ReadonlySet<FaultRecord['endedBy']> = new Set(['clear', 'heal', 'down']);

/** What the record gives as the reason of a lab's faults. */
export function reasonOf({id}: {readonly id: string}): string {
  return `lab ${id}`;
}

export function nameOf(entry: Entry): string {
  if (entry.kind === 'act') return `"${entry.name}"`;
  if (entry.kind === 'crash-points') return `the crash of ${entry.service} at ${entry.points.join(', ')}`;
  return `${entry.kind} ${entry.target} at ${seconds(entry.atMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Whether the moment was reached before the signal aborted. */
function waitUntil(at: number, signal: AbortSignal): Promise<boolean> {
  const ms = at - Date.now();
  if (signal.aborted) return Promise.resolve(ms <= 0);
  return new Promise(resolve => {
    const timer = setTimeout(() => finish(true), Math.max(0, ms));
    const onAbort = (): void => finish(false);
    const finish = (reached: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(reached);
    };
    signal.addEventListener('abort', onAbort, {once: true});
  });
}
