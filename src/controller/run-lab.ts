import {randomInt} from 'node:crypto';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {LabError} from '../errors.ts';
import type {CheckEvent} from '../labs/check-event.ts';
import type {AnyLab} from '../labs/lab.ts';
import {openProgress} from '../labs/progress.ts';
import {type RunOptions, type RunOutcome, runCheck} from '../labs/run-check.ts';
import {openWorkspace} from '../labs/workspace.ts';
import {YOUR_TESTS_ID} from '../labs/your-tests/item.ts';
import {labCatalogue} from './catalogue.ts';
import type {Controller} from './controller.ts';
import type {Entries} from './entries.ts';
import {createLabSystem} from './lab-system.ts';
import {learnersPrediction, variantsPrediction} from './predictions.ts';
import type {CheckOptions} from './protocol.ts';

export interface RunLabOptions {
  readonly lab: string;
  readonly labs?: string;
  readonly seed?: number;
  readonly task?: string;
  readonly variant?: string;
  readonly decisive?: CheckOptions['decisive'];
  readonly faults?: CheckOptions['faults'];
  readonly schedule?: boolean;
  readonly mode: 'check' | 'quick' | 'break';
}

/** Runs a lab on the controller's system, which is brought up first where it is not; a check of the learner's own files is recorded. */
export async function runLab(
  controller: Controller,
  options: RunLabOptions,
  emit: (event: CheckEvent) => void,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const {paths, session, entries} = controller.options;
  const catalogue = labCatalogue(controller, options.labs);
  const lab = withFaults(await catalogue.load(options.lab), options.faults);
  const labFolder = await catalogue.folder(lab.id);
  const files =
    options.variant === undefined
      ? await learnersFiles(controller, lab, labFolder)
      : variantFolder(labFolder, options.variant);
  // What cannot be recorded in the end is not begun.
  const progress = openProgress(paths.data);
  if (options.variant === undefined) await progress.read();
  const isPractice = options.faults !== undefined || options.schedule === true;
  const learners =
    options.variant === undefined && !isPractice ? await learnersPrediction(progress, lab, options) : undefined;
  return controller.alone(lab.id, signal, async (both, setPhase) => {
    const live = await controller.up({}, text => emit({type: 'note', text}));
    await using system = createLabSystem({...live, places: () => controller.apiPlaces()});
    const seed = options.seed ?? learners?.seed ?? randomInt(1, 2 ** 31 - 1);
    const prediction =
      options.variant === undefined || isPractice ? learners?.order : variantsPrediction(lab, options.variant, seed);
    const startedAt = Date.now();
    const runFolder = join(
      paths.data,
      'runs',
      `${new Date(startedAt).toISOString().replaceAll(':', '-')}-${lab.id}-${session}`,
    );
    const task = options.variant?.startsWith('tests/') === true ? YOUR_TESTS_ID : options.task;
    const outcome = await runCheck({
      lab,
      system,
      seed,
      files,
      givenFolder: join(labFolder, 'given'),
      runFolder,
      mode: options.mode,
      signal: both,
      paceFile: join(paths.state, 'pace.json'),
      ...(task === undefined ? {} : {task}),
      ...(prediction === undefined ? {} : {prediction}),
      ...yourTestsIn(options.variant, isPractice, {labFolder, entries}),
      ...decisiveIn(options, prediction !== undefined),
      emit: event => {
        if (event.type === 'phase') setPhase(event.phase);
        emit(event);
      },
    });
    await learners?.score(outcome, runFolder);
    if (options.variant === undefined && !isPractice && options.mode !== 'break') {
      await progress.recordCheck({
        result: outcome.result,
        tasks: lab.tasks.map(({id}) => id),
        runFolder,
        judged: outcome.judged,
        quick: options.mode === 'quick',
      });
    }
    return outcome;
  });
}

function withFaults(lab: AnyLab, faults: CheckOptions['faults']): AnyLab {
  return faults === undefined ? lab : {...lab, faults: () => faults};
}

/** Only the lab's own variants are ended early, and none whose prediction has yet to be scored. */
function decisiveIn({variant, decisive}: RunLabOptions, isPredicted: boolean): Pick<RunOptions, 'decisive'> {
  if (variant === undefined || decisive === undefined) return {};
  if (decisive === 'hold') return {decisive};
  if (isPredicted) return {};
  return {decisive: (task, code) => decisive === 'any' || (decisive.task === task && decisive.code === code)};
}

/** A wrong fix has no tests of its own, and a match of faults is not about any. */
function yourTestsIn(
  variant: string | undefined,
  isPractice: boolean,
  {labFolder, entries}: {readonly labFolder: string; readonly entries: Entries},
): Pick<RunOptions, 'yourTests'> {
  if (isPractice || variant?.startsWith('wrong/') === true) return {};
  const {builtLabs, packageFolder, yourTests} = entries;
  return {yourTests: {labFolder, builtLabs, packageFolder, entries: yourTests}};
}

async function learnersFiles(controller: Controller, lab: AnyLab, labFolder: string): Promise<string> {
  const {workspace: folder, entries} = controller.options;
  const workspace = openWorkspace({
    folder,
    templates: join(entries.packageFolder, 'templates', 'workspace'),
    services: join(entries.packageFolder, 'services'),
  });
  await workspace.ensure();
  await workspace.ensureLab(lab, labFolder);
  return workspace.labFolder(lab.id);
}

function variantFolder(labFolder: string, variant: string): string {
  const folder = join(labFolder, variant);
  if (!/^(start|solution|(wrong|tests)\/[a-z0-9-]+)$/.test(variant) || !existsSync(folder)) {
    throw new LabError(
      'USAGE',
      `There is no variant "${variant}" of this lab; there are start, solution, wrong/<name> and tests/<name>.`,
    );
  }
  return folder;
}
