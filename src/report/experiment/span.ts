import type {ActivityRun, Journal} from '../../faults/experiments/journal.ts';

/** From the first to the last moment that the journal knows of: one that was cut off has no end of its own. Unix ms. */
export function spanOf(journal: Journal): {readonly from: number; readonly to: number} {
  let from = journal.start;
  let to = journal.end ?? journal.start;
  const reach = (at: number | null | undefined): void => {
    if (at === null || at === undefined || !Number.isFinite(at)) return;
    from = Math.min(from, at);
    to = Math.max(to, at);
  };
  for (const {at, intervalMs} of journal.load) {
    reach(at);
    reach(at + intervalMs);
  }
  for (const {start, end} of allActivities(journal)) {
    reach(start);
    reach(end);
  }
  for (const {appliedAt, endedAt} of journal.faults) {
    reach(appliedAt);
    reach(endedAt);
  }
  return {from, to};
}

/** Every action and probe that was run, in no particular order. */
export function allActivities({
  steady_states: {before, during, after},
  run,
  rollbacks,
}: Journal): readonly ActivityRun[] {
  const checks = [before, ...during, after].flatMap(state => state?.probes ?? []);
  return [...checks, ...run, ...rollbacks];
}
