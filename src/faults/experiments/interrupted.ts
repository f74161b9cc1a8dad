import type {Experiment} from './experiment.ts';
import type {Journal} from './journal.ts';
import {type JournalWriter, type KnownRun, openJournal} from './journal-files.ts';
import type {RunnerPorts} from './ports.ts';
import {playRollbacks} from './rollbacks.ts';
import {Run} from './run-state.ts';

/** Ends the journal of a run whose runner was killed: its faults have ended with their connection; the rollbacks that are left are played. */
export async function finishInterrupted(
  {record, state}: KnownRun,
  experiment: Experiment | undefined,
  portsWith: (writer: JournalWriter) => RunnerPorts,
): Promise<Journal> {
  const writer = await openJournal(record.folder);
  const ports = portsWith(writer);
  const {journal} = state;
  const run = Run.resume(state, {experiment, ports});
  const ids = journal.faults.map(({id}) => id);
  const faults = await ports.system?.faults(ids).catch(() => undefined);
  for (const fault of faults ?? []) await run.write({type: 'fault', fault});
  const done = journal.rollbacks.length;
  const isOwed =
    state.begun && run.experiment.rollbackStrategy !== 'never' && run.experiment.rollbackStrategy !== 'deviated';
  const played = isOwed ? await playRollbacks(run, done) : [];
  const failed = played.filter(({status}) => status !== 'succeeded').length;
  const told =
    experiment === undefined
      ? 'its experiment could not be read again, so that no rollbacks were played'
      : played.length === 0
        ? 'there were no rollbacks left to play'
        : `${played.length} of its rollbacks were left and played now${failed === 0 ? '' : `, of which ${failed} failed`}`;
  await run.write({
    type: 'end',
    at: ports.clock.now(),
    status: 'interrupted',
    deviated: false,
    because: `Its runner was killed; ${told}.`,
  });
  await writer.close(run.state.journal);
  return run.state.journal;
}
