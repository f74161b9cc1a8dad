import {mkdir, open, rm, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {LabError} from '../errors.ts';
import {readVersioned, systemCode, writeVersioned} from '../files.ts';
import type {JudgedFile} from './build-seam.ts';
import type {PredictionRecord} from './predict/records.ts';
import type {CheckResult, Verdict} from './verdict.ts';

const VERSION = 1;
/** Passes kept per lab, the latest ones. */
const PASSES_MAX = 20;
const LOCK_WITHIN_MS = 15_000;
const LOCK_STALE_MS = 10_000;

export interface Pass {
  /** Unix ms. */
  readonly at: number;
  readonly seed: number;
  readonly runtime: string;
  readonly runFolder: string;
  /** What was judged. */
  readonly files: readonly JudgedFile[];
}

export interface LabProgress {
  /** Checks that gave a verdict, quick looks and single tasks left out. */
  readonly attempts: number;
  readonly passes: readonly Pass[];
  readonly last: {
    readonly at: number;
    readonly verdict: Verdict;
    readonly seed: number;
    readonly runFolder: string;
    /** What failed or stayed open, in the lab's order. */
    readonly codes: readonly {readonly task: string; readonly verdict: Verdict; readonly code: string}[];
  } | null;
  /** Keys of hints that were shown. */
  readonly hintsShown: readonly string[];
  /** The reference was looked at before a pass. */
  readonly revealed: boolean;
  readonly skipped: boolean;
  /** Questions asked before runs, oldest first. Missing where nothing was asked. */
  readonly predictions?: readonly PredictionRecord[];
  /** Wrong fixes that the learner broke with faults of their own. Missing where there are none. */
  readonly attacksWon?: readonly string[];
}

export interface ProgressData {
  readonly labs: Readonly<Record<string, LabProgress>>;
}

export interface RecordedCheck {
  readonly result: CheckResult;
  /** All task ids of the lab: a pass counts only when all of them were judged. */
  readonly tasks: readonly string[];
  readonly runFolder: string;
  readonly judged: readonly JudgedFile[];
  readonly quick: boolean;
}

/** The learner's progress: one file in the data folder, outside the workspace. Two processes may write to it. */
export interface ProgressStore {
  read(): Promise<ProgressData>;
  recordCheck(check: RecordedCheck): Promise<LabProgress>;
  recordHint(lab: string, key: string): Promise<LabProgress>;
  recordReveal(lab: string): Promise<LabProgress>;
  recordSkip(lab: string): Promise<LabProgress>;
  recordAttack(lab: string, fix: string): Promise<LabProgress>;
  /** Changes the lab's predictions; what `change` throws leaves them as they were. */
  changePredictions(
    lab: string,
    change: (records: readonly PredictionRecord[]) => readonly PredictionRecord[],
  ): Promise<LabProgress>;
}

/** Opens the progress in `dataFolder`. Errors of every operation: NEWER_VERSION, NOT_ALLOWED, NO_SPACE. */
export function openProgress(dataFolder: string, now: () => number = Date.now): ProgressStore {
  const file = join(dataFolder, 'progress.json');
  const read = async (): Promise<ProgressData> => ({
    labs: (await readVersioned<ProgressData>(file, VERSION))?.labs ?? {},
  });
  const update = (lab: string, change: (before: LabProgress) => LabProgress): Promise<LabProgress> =>
    locked(`${file}.lock`, async () => {
      const {labs} = await read();
      const after = change(labs[lab] ?? NOTHING_YET);
      await writeVersioned(file, VERSION, {labs: {...labs, [lab]: after}});
      return after;
    });
  return {
    read,
    recordCheck: check => update(check.result.lab, before => withCheck(before, check, now())),
    recordHint: (lab, key) =>
      update(lab, before => ({...before, hintsShown: [...new Set([...before.hintsShown, key])]})),
    recordReveal: lab => update(lab, before => ({...before, revealed: before.revealed || before.passes.length === 0})),
    recordSkip: lab => update(lab, before => ({...before, skipped: true})),
    recordAttack: (lab, fix) =>
      update(lab, before => ({...before, attacksWon: [...new Set([...(before.attacksWon ?? []), fix])]})),
    changePredictions: (lab, change) =>
      update(lab, before => ({...before, predictions: change(before.predictions ?? [])})),
  };
}

const NOTHING_YET: LabProgress = {attempts: 0, passes: [], last: null, hintsShown: [], revealed: false, skipped: false};

function withCheck(
  before: LabProgress,
  {result, tasks, runFolder, judged, quick}: RecordedCheck,
  at: number,
): LabProgress {
  const {verdict, seed, runtime} = result;
  const whole = !quick && tasks.every(id => result.tasks.some(task => task.id === id));
  const codes = result.tasks.flatMap(task =>
    task.code === null ? [] : [{task: task.id, verdict: task.verdict, code: task.code}],
  );
  // A look or a single task says what failed, so that hints fit it, and is no attempt.
  const after = {
    ...before,
    last: {at, verdict: whole || verdict === 'fail' ? verdict : 'inconclusive', seed, runFolder, codes},
  };
  if (!whole) return after;
  const passes =
    verdict === 'pass'
      ? [...before.passes, {at, seed, runtime, runFolder, files: judged}].slice(-PASSES_MAX)
      : before.passes;
  return {...after, attempts: before.attempts + 1, passes, skipped: before.skipped && passes.length === 0};
}

/** Holds a lock file during `work`, so that a check and a hint at the same time lose nothing. */
async function locked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lock), {recursive: true, mode: 0o700});
  const until = Date.now() + LOCK_WITHIN_MS;
  while (!(await take(lock))) {
    if (Date.now() > until) throw new LabError('BUSY', `Another teralab is writing progress (${lock}).`);
    await delay(10);
  }
  try {
    return await work();
  } finally {
    await rm(lock, {force: true});
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    // Whoever held it was killed while writing.
    const found = await stat(lock).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > LOCK_STALE_MS) await rm(lock, {force: true});
    return false;
  }
}
