import type {FaultRecord} from '../fault.ts';
import type {ActivityRun, Journal, JournalStatus} from './journal.ts';
import type {Run} from './run-state.ts';

/** Faults that did nothing, or were not in force for as long as they should: what a run without a deviation then proves is little. */
export function doubtsOf({state: {journal}, cleared}: Pick<Run, 'state' | 'cleared'>): readonly string[] {
  return journal.faults.flatMap(fault => doubtOf(fault, cleared.has(fault.id)) ?? []);
}

function doubtOf(
  {kind, target, state, effect, endedBy, endsAt, endedAt}: FaultRecord,
  isOurs: boolean,
): string | undefined {
  const name = `${kind} on ${target}`;
  if (state === 'failed') return `${name} failed: ${effect?.observed ?? 'nobody knows why'}.`;
  const isEarly = endsAt !== null && endedAt !== undefined && endedAt < endsAt;
  if (!isOurs && endedBy !== undefined && endedBy !== 'time' && (isEarly || endsAt === null))
    return `${name} was ended by somebody else before its time.`;
  if (effect?.verdict === 'none') return `${name} had no effect: ${effect.observed}.`;
  return undefined;
}

export interface Reasons {
  readonly journal: Journal;
  readonly status: Exclude<JournalStatus, 'running'>;
  readonly deviated: boolean;
  readonly doubts: readonly string[];
  /** Why the faults could not be healed. */
  readonly healing: string | undefined;
  /** Whether any action of the method was begun. */
  readonly wasBegun: boolean;
}

/** Why a run came to its status, in a sentence or two. */
export function reasonFor({journal, status, deviated, doubts, healing, wasBegun}: Reasons): string {
  const {before, during, after} = journal.steady_states;
  if (status === 'aborted' && !wasBegun) return 'It was asked to stop before anything was done.';
  if (status === 'aborted')
    return 'It was asked to stop; what it had injected was healed, and its rollbacks were played.';
  const wrong = [...journal.run, ...journal.rollbacks].find(each => each.status === 'failed');
  if (status === 'failed') {
    if (before?.steady_state_met === false)
      return `The hypothesis did not hold before the method, so that nothing was done: ${firstProblem(before.probes)}`;
    return wrong === undefined
      ? (healing ?? 'It failed.')
      : `${wrong.activity.name} failed: ${wrong.exception ?? 'nobody knows why'}`;
  }
  if (deviated) {
    const probe = journal.run.filter(({tolerance_met: met}) => met === false);
    if (probe.length > 0) return firstProblem(probe);
    const bad = during.find(({steady_state_met: met}) => !met);
    if (bad !== undefined) return `The hypothesis did not hold during the method: ${firstProblem(bad.probes)}`;
    return `The hypothesis did not hold after the method: ${firstProblem(after?.probes ?? [])}`;
  }
  const [doubt] = doubts;
  if (doubt !== undefined) return `It is inconclusive: ${doubt}`;
  if (after !== null)
    return before === null
      ? 'The hypothesis held after the method.'
      : 'The hypothesis held before and after the method.';
  return journal.steady_states.before === null
    ? 'The method ran to its end; there was no hypothesis to verify.'
    : 'The method ran to its end.';
}

function firstProblem(probes: readonly ActivityRun[]): string {
  const bad = probes.find(({status, tolerance_met: met}) => status !== 'succeeded' || met === false);
  if (bad === undefined) return 'nobody knows why.';
  return bad.status === 'failed' ? `${bad.activity.name} failed: ${bad.exception ?? ''}` : (bad.exception ?? '');
}

/** What the whole run comes to. Doubts count where nothing else was found. */
export function outcomeOf(
  {status, deviated}: Journal,
  doubts: readonly string[],
): 'ok' | 'fail' | 'inconclusive' | 'interrupted' {
  if (status === 'aborted' || status === 'interrupted') return 'interrupted';
  if (status === 'failed' || deviated) return 'fail';
  return doubts.length > 0 ? 'inconclusive' : 'ok';
}
