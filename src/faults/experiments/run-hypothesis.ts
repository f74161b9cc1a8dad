import type {SteadyState} from './journal.ts';
import {runActivity} from './run-activity.ts';
import type {Run} from './run-state.ts';

/** Asks all probes of the hypothesis, also after one that does not hold, and writes what they gave. Undefined: it was stopped. */
export async function verifyHypothesis(
  run: Run,
  when: 'before' | 'during' | 'after',
  signal: AbortSignal,
): Promise<SteadyState | undefined> {
  const probes = [];
  for (const probe of run.experiment.hypothesis?.probes ?? []) {
    if (when !== 'during') run.ports.progress({text: `verifying the hypothesis: ${probe.name}`});
    probes.push(await runActivity(run, probe, signal));
  }
  // What the end of the method cut short says nothing.
  if (when === 'during' && probes.some(({status}) => status === 'aborted')) return undefined;
  const met = probes.every(({status, tolerance_met}) => status === 'succeeded' && tolerance_met === true);
  const state: SteadyState = {steady_state_met: met, probes};
  await run.write({type: 'steady-state', when, state});
  return state;
}
