import type {ActivityRun, Journal, SteadyState} from '../../faults/experiments/journal.ts';
import {oneLine, valueText} from '../untrusted.ts';

const SEEN_MAX = 160;

/** One look at one probe. */
export interface Look {
  readonly when: 'before' | 'during' | 'after';
  /** Unix ms. */
  readonly at: number;
  readonly met: boolean;
  /** What the probe returned, or what went wrong. */
  readonly seen: string;
}

/** A probe of the hypothesis with everything that was seen of it. */
export interface ProbeHistory {
  readonly name: string;
  readonly tolerance: string;
  readonly looks: readonly Look[];
}

/** The probes of the hypothesis in their order, each with its looks before, during and after the method. */
export function probeHistories({steady_states: {before, during, after}}: Journal): readonly ProbeHistory[] {
  const histories = new Map<string, {tolerance: string; looks: Look[]}>();
  const add = (when: Look['when'], state: SteadyState | null): void => {
    for (const probe of state?.probes ?? []) {
      const history = histories.get(probe.activity.name) ?? {tolerance: toleranceText(probe), looks: []};
      history.looks.push({when, at: probe.start, met: isMet(probe), seen: seenText(probe)});
      histories.set(probe.activity.name, history);
    }
  };
  add('before', before);
  for (const state of during) add('during', state);
  add('after', after);
  return [...histories].map(([name, history]) => ({name: oneLine(name, 200), ...history}));
}

/** Whether the hypothesis held at a time: in one word, and undefined where it was not verified. */
export function heldText(state: SteadyState | null): string {
  return state === null ? 'not verified' : state.steady_state_met ? 'held' : 'did not hold';
}

/** The title of the hypothesis in the experiment. */
export function hypothesisTitle({experiment}: Journal): string | undefined {
  const found = experiment['steady-state-hypothesis'];
  const title = typeof found === 'object' && found !== null && 'title' in found ? found.title : undefined;
  return typeof title === 'string' ? oneLine(title, 200) : undefined;
}

function isMet({status, tolerance_met}: ActivityRun): boolean {
  return status === 'succeeded' && tolerance_met !== false;
}

function toleranceText({activity: {tolerance}}: ActivityRun): string {
  return tolerance === undefined ? 'none' : oneLine(valueText(tolerance), SEEN_MAX);
}

function seenText({exception, output, status}: ActivityRun): string {
  if (exception !== undefined) return oneLine(exception, SEEN_MAX);
  return output === null || output === undefined ? status : oneLine(valueText(output), SEEN_MAX);
}
