import {randomBytes} from 'node:crypto';
import {join, resolve} from 'node:path';
import type {ControllerClient} from '../../controller/connection.ts';
import {type Experiment, needsSystem} from '../../faults/experiments/experiment.ts';
import type {Journal} from '../../faults/experiments/journal.ts';
import {beginJournal, JOURNAL_FILE} from '../../faults/experiments/journal-files.ts';
import {type RunResult, runExperiment} from '../../faults/experiments/run-experiment.ts';
import {outcomeOf} from '../../faults/experiments/verdict.ts';
import {labPaths} from '../../paths.ts';
import type {Outcome} from '../command.ts';
import {withRunning, withSystem} from '../connect.ts';
import type {Context} from '../context.ts';
import {paint} from '../output/paint.ts';
import {drawSeed} from '../parse/number.ts';
import {renderRun} from '../render/experiment.ts';
import {dryRun} from './dry-run.ts';
import {needExperiment, readyExperiments} from './read-experiment.ts';
import {recoverRuns} from './recover.ts';
import {runnerPorts} from './runner-ports.ts';
import {type HeldSystem, holdSystem} from './system-port.ts';

declare const TERALAB_VERSION: string | undefined;

export interface RunFlags {
  readonly dryRun?: boolean;
  readonly seed?: number;
  /** Folder for the journal. */
  readonly journal?: string;
  readonly up?: boolean;
}

/** `teralab chaos run FILE`. */
export async function run(context: Context, fileOrName: string | undefined, flags: RunFlags): Promise<Outcome> {
  if (fileOrName === undefined) return listReady(context);
  await recoverRuns(context);
  const {file, experiment} = await needExperiment(fileOrName);
  for (const note of experiment.notes) context.say(note);
  const seed = flags.seed ?? experiment.seed ?? drawSeed();
  if (flags.dryRun === true) return dryRun(context, {file, experiment, seed});
  const {result, folder} = await withClient(context, experiment, flags, async client =>
    runOnce(context, {
      system: client === undefined ? undefined : await holdSystem(client, experiment.title),
      file,
      experiment,
      seed,
      ...(flags.journal === undefined ? {} : {folder: resolve(flags.journal)}),
    }),
  );
  const outcome = outcomeOf(result.journal, result.doubts);
  if (context.json) context.document(documented(result, experiment, folder, outcome));
  else context.lines(renderRun(result, {folder, outcome, width: context.width, paint}));
  return outcome;
}

export interface RunOrder {
  readonly system: HeldSystem | undefined;
  readonly file: string;
  readonly experiment: Experiment;
  readonly seed: number;
  /** Default: one of its own in the state folder. */
  readonly folder?: string;
  readonly talks?: boolean;
  /** Default: true. */
  readonly writesReport?: boolean;
}

/** Runs an experiment once, with a journal of its own. */
export async function runOnce(
  context: Context,
  {system, file, experiment, seed, folder: asked, talks = true, writesReport = true}: RunOrder,
): Promise<{readonly result: RunResult; readonly folder: string}> {
  const id = runId(experiment.title);
  const records = experimentsFolder();
  const folder = asked ?? join(records, id);
  context.doing('healing what the experiment has injected and playing its rollbacks');
  const writer = await beginJournal(records, {id, folder, workspace: context.workspace});
  if (talks) context.say(`journal: ${folder}`);
  const version = typeof TERALAB_VERSION === 'string' ? TERALAB_VERSION : '0';
  const ports = runnerPorts(context, {system, write: writer.write, talks});
  const stop = system === undefined ? context.signal : AbortSignal.any([context.signal, system.stopped]);
  const result = await runExperiment({id, file, version, experiment, seed}, ports, stop);
  await writer.close(result.journal);
  context.progress.stop();
  if (writesReport) await report(context, result.journal, folder);
  return {result, folder};
}

/** What is drawn from a finished journal, beside it. A report that cannot be drawn must not hide how the run went. */
export async function report(context: Context, journal: Journal, folder: string): Promise<void> {
  try {
    const {writeExperimentReport} = await import('../../report/experiment/write.ts');
    const {html} = await writeExperimentReport(journal, folder);
    context.say(`report: ${html}`);
  } catch (error) {
    context.say(`The report could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** With the running system where the experiment wants one; with `--up` it is started first. Errors: NOT_RUNNING. */
export async function withClient<T>(
  context: Context,
  experiment: Experiment,
  {up}: Pick<RunFlags, 'up'>,
  use: (client: ControllerClient | undefined) => Promise<T>,
): Promise<T> {
  if (!needsSystem(experiment)) return use(undefined);
  if (up === true) return withSystem(context, {}, async client => use(client));
  return withRunning(context, use);
}

export function experimentsFolder(): string {
  return join(labPaths().state, 'experiments');
}

async function listReady(context: Context): Promise<Outcome> {
  const names = await readyExperiments();
  const titles = await Promise.all(names.map(async name => (await needExperiment(name)).experiment));
  const rows = names.map((name, index) => ({
    name,
    title: titles[index]?.title ?? '',
    expected: titles[index]?.expected ?? null,
  }));
  if (context.json) context.document(rows);
  else {
    context.line('Experiments that come with teralab; `teralab chaos run NAME` runs one:');
    const width = Math.max(0, ...names.map(({length}) => length));
    context.lines(rows.map(({name, title}) => `  ${name.padEnd(width)}  ${title}`));
  }
  return 'ok';
}

/** `20261127-062523-3fa9-slow-identity`: sorts by time, and ends with what it was. */
function runId(title: string): string {
  const at = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)
    .replace(/-$/, '');
  return [at, randomBytes(2).toString('hex'), slug].filter(part => part !== '').join('-');
}

function documented({journal, doubts}: RunResult, experiment: Experiment, folder: string, outcome: Outcome): object {
  const {id, status, deviated, because, seed, duration}: Journal = journal;
  return {
    id,
    title: experiment.title,
    status,
    deviated,
    outcome,
    because,
    doubts,
    expected: experiment.expected ?? null,
    seed,
    durationMs: duration,
    faults: journal.faults.map(({id: fault, kind, target, effect, healed}) => ({
      id: fault,
      kind,
      target,
      effect: effect ?? null,
      healed: healed ?? null,
    })),
    journal: join(folder, JOURNAL_FILE),
  };
}
