import type {ActivityRun} from './journal.ts';
import {runActivity} from './run-activity.ts';
import type {Run} from './run-state.ts';

/** Plays the rollbacks from one on. Each is tried, whatever became of the others, and nothing stops them. */
export async function playRollbacks(run: Run, from: number): Promise<readonly ActivityRun[]> {
  const played: ActivityRun[] = [];
  const unstoppable = new AbortController().signal;
  for (const rollback of run.experiment.rollbacks.slice(from)) {
    run.ports.progress({text: `rolling back: ${rollback.name}`});
    const ran = await runActivity(run, rollback, unstoppable);
    await run.write({type: 'activity', part: 'rollbacks', run: ran});
    played.push(ran);
  }
  return played;
}
