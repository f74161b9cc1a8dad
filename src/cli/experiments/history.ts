import {join} from 'node:path';
import {LabError} from '../../errors.ts';
import {JOURNAL_FILE, type KnownRun, knownRuns} from '../../faults/experiments/journal-files.ts';
import type {FaultRecord} from '../../faults/fault.ts';
import type {Outcome} from '../command.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {table} from '../output/table.ts';
import {experimentRows} from '../render/experiment.ts';
import {historyRows} from '../render/fault.ts';
import {recoverRuns} from './recover.ts';
import {experimentsFolder} from './run.ts';

/**
 * `teralab chaos history`: faults of the running system and runs of experiments; as a document the faults, and with `onlyRuns` the runs alone.
 * Errors: NOT_RUNNING, where there is nothing to tell of.
 */
export async function history(context: Context, onlyRuns: boolean): Promise<Outcome> {
  await recoverRuns(context);
  const all = await knownRuns(experimentsFolder());
  const runs = all.filter(({record}) => record.workspace === context.workspace);
  if (onlyRuns) {
    if (context.json) context.document(runs.map(documented));
    else printRuns(context, runs);
    return 'ok';
  }
  const faults = await faultsOf(context);
  if (faults === undefined && (runs.length === 0 || context.json))
    throw new LabError('NOT_RUNNING', `No system is running for the workspace ${context.workspace}.`);
  if (context.json) context.document(faults);
  else print(context, faults ?? [], runs);
  return 'ok';
}

function print(context: Context, faults: readonly FaultRecord[], runs: readonly KnownRun[]): void {
  const {width} = context;
  if (faults.length === 0) context.line('Nothing was injected yet.');
  else
    context.lines(
      table([['AT', 'FAULT', 'KIND', 'TARGET', 'STATE'], ...historyRows(faults, {width, paint, now: Date.now()})], {
        width,
        heading: paint.faint,
      }),
    );
  if (runs.length === 0) return;
  context.line();
  printRuns(context, runs);
}

function printRuns(context: Context, runs: readonly KnownRun[]): void {
  if (runs.length === 0) context.line('No experiment was run yet.');
  else
    context.lines(
      table([['AT', 'RUN', 'EXPERIMENT; JOURNAL'], ...experimentRows(runs)], {
        width: context.width,
        heading: paint.faint,
      }),
    );
}

async function faultsOf(context: Context): Promise<readonly FaultRecord[] | undefined> {
  const client = await context.controllers.find(context.workspace, line => context.progress.step(line));
  if (client === undefined) return undefined;
  try {
    return await client.call('chaos.list', {all: true}, undefined, context.signal);
  } finally {
    client.close();
  }
}

function documented({record, state: {journal}, how}: KnownRun): object {
  return {
    id: record.id,
    title: journal.experiment.title,
    status: how === 'left' ? 'interrupted' : journal.status,
    deviated: journal.deviated,
    start: journal.start,
    durationMs: journal.duration,
    because: journal.because,
    folder: record.folder,
    journal: journal.end === null ? null : join(record.folder, JOURNAL_FILE),
  };
}
