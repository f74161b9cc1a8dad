import type {ActivityRun, Journal, SteadyState} from '../../faults/experiments/journal.ts';
import type {Mark} from '../chart/mark-lane.ts';
import {milliseconds, offset} from '../figures.ts';
import {oneLine} from '../untrusted.ts';

const NAME_MAX = 80;

/** The rows of marks below the panels: when the hypothesis was verified, what the method did, what was rolled back. */
export function markRows(journal: Journal): readonly {readonly label: string; readonly marks: readonly Mark[]}[] {
  const {before, during, after} = journal.steady_states;
  const checks = [
    ['before the method', before] as const,
    ...during.map(state => ['during the method', state] as const),
    ['after the method', after] as const,
  ];
  const rows = [
    {label: 'hypothesis', marks: checks.flatMap(([when, state]) => checkMark(journal.start, when, state))},
    {label: 'method', marks: journal.run.map(run => activityMark(journal.start, run))},
    {label: 'rollbacks', marks: journal.rollbacks.map(run => activityMark(journal.start, run))},
  ];
  return rows.filter(({marks}) => marks.length > 0);
}

function checkMark(start: number, when: string, state: SteadyState | null): Mark[] {
  const [first] = state?.probes ?? [];
  if (state === null || first === undefined) return [];
  const at = state.probes.reduce((least, probe) => Math.min(least, probe.start), first.start);
  const to = state.probes.reduce((most, probe) => Math.max(most, probe.end), first.end);
  const went = state.steady_state_met ? 'well' : 'wrong';
  const verdict = state.steady_state_met ? 'held' : 'did not hold';
  return [{at, to, shape: 'check', went, title: `${offset(at, start)}: the hypothesis ${verdict}, ${when}`}];
}

function activityMark(
  start: number,
  {activity, status, start: at, end: to, duration, tolerance_met}: ActivityRun,
): Mark {
  const went = status === 'aborted' ? 'stopped' : status === 'failed' || tolerance_met === false ? 'wrong' : 'well';
  const met =
    tolerance_met === undefined ? '' : tolerance_met ? ', within its tolerance' : ', outside of its tolerance';
  const title = `${offset(at, start)}: ${activity.type} ${oneLine(activity.name, NAME_MAX)}, ${status}${met}, ${milliseconds(duration)}`;
  return {at, to, shape: activity.type, went, title};
}
