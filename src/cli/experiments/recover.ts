import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {ControllerClient} from '../../controller/connection.ts';
import {takeLock} from '../../controller/lock.ts';
import {LabError} from '../../errors.ts';
import {type Experiment, needsSystem} from '../../faults/experiments/experiment.ts';
import {finishInterrupted} from '../../faults/experiments/interrupted.ts';
import type {Journal} from '../../faults/experiments/journal.ts';
import {EVENTS_FILE, type KnownRun, knownRuns, readEvents} from '../../faults/experiments/journal-files.ts';
import {isRecord} from '../../faults/experiments/mistakes.ts';
import type {SystemPort} from '../../faults/experiments/ports.ts';
import type {Context} from '../context.ts';
import {checkText} from './read-experiment.ts';
import {experimentsFolder, report} from './run.ts';
import {runnerPorts} from './runner-ports.ts';
import {holdSystem} from './system-port.ts';

/** Ends the journals of runs of this workspace whose runner was killed, plays the rollbacks that they have left, and says so. */
export async function recoverRuns(context: Context): Promise<void> {
  const runs = await knownRuns(experimentsFolder());
  for (const run of runs)
    if (run.how === 'left' && run.record.workspace === context.workspace) await recover(context, run);
}

async function recover(context: Context, known: KnownRun): Promise<void> {
  const lock = await takeLock(join(known.record.folder, 'recovery.lock'));
  // Another terminal is at it.
  if (lock === undefined) return;
  let client: ControllerClient | undefined;
  try {
    const state = await readEvents(join(known.record.folder, EVENTS_FILE));
    if (state === undefined || state.journal.status !== 'running') return;
    const {journal} = state;
    context.say(`The run "${journal.experiment.title}" (${journal.id}) was interrupted: its runner was killed.`);
    const experiment = await readAgain(journal);
    client =
      journal.system === null || (experiment !== undefined && !needsSystem(experiment))
        ? undefined
        : await context.controllers.find(context.workspace);
    const system = client === undefined ? undefined : await holdIfFree(client, journal.experiment.title);
    if (system === 'busy') {
      context.say('  The system is busy: its rollbacks are played by a later command.');
      return;
    }
    const ended = await finishInterrupted({...known, state}, experiment, writer =>
      runnerPorts(context, {system, write: writer.write}),
    );
    await report(context, ended, known.record.folder);
    context.say(`  ${ended.because} Its journal is in ${known.record.folder}.`);
  } finally {
    client?.close();
    await lock.release();
  }
}

async function holdIfFree(client: ControllerClient, title: string): Promise<SystemPort | 'busy'> {
  try {
    return await holdSystem(client, title);
  } catch (error) {
    if (error instanceof LabError && error.code === 'BUSY') return 'busy';
    throw error;
  }
}

/** From the journal, which holds no secrets: those come from its file again, where that is still there. */
async function readAgain({experiment, file}: Journal): Promise<Experiment | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const {parse} = await import('yaml');
  const secrets = await Promise.resolve(text)
    .then(found => (found === undefined ? undefined : (parse(found) as unknown)))
    .then(found => (isRecord(found) ? found.secrets : undefined))
    .catch(() => undefined);
  return checkText(JSON.stringify({...experiment, ...(secrets === undefined ? {} : {secrets})})).experiment;
}
