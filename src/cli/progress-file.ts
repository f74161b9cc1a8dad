import {join} from 'node:path';
import {LabError} from '../errors.ts';
import {readVersioned, writeVersioned} from '../files.ts';
import type {PredictionRecord} from '../labs/predict/records.ts';
import {type LabProgress, openProgress, type ProgressData} from '../labs/progress.ts';
import {labPaths} from '../paths.ts';

const VERSION = 1;

export async function exportProgress(file: string): Promise<ProgressData> {
  const data = await openProgress(labPaths().data).read();
  await writeVersioned(file, VERSION, data);
  return data;
}

/** Joins a file's progress with what is here; what was here is kept beside it. Errors: USAGE when it is no such file, NEWER_VERSION. */
export async function importProgress(file: string): Promise<ProgressData> {
  const {data: folder} = labPaths();
  const theirs = await readTheirs(file);
  const ours = await openProgress(folder).read();
  await writeVersioned(join(folder, 'progress-before-import.json'), VERSION, ours);
  const joined = joinProgress(ours, theirs);
  await writeVersioned(join(folder, 'progress.json'), VERSION, joined);
  return joined;
}

/** Nothing that either side has is lost: passes and hints of both, the newer of the two last checks. */
export function joinProgress(ours: ProgressData, theirs: ProgressData): ProgressData {
  const ids = [...new Set([...Object.keys(ours.labs), ...Object.keys(theirs.labs)])];
  return {
    labs: Object.fromEntries(
      ids
        .map(id => [id, joinLab(ours.labs[id], theirs.labs[id])] as const)
        .filter((entry): entry is readonly [string, LabProgress] => entry[1] !== undefined),
    ),
  };
}

function joinLab(ours: LabProgress | undefined, theirs: LabProgress | undefined): LabProgress | undefined {
  if (ours === undefined || theirs === undefined) return ours ?? theirs;
  const passes = new Map([...theirs.passes, ...ours.passes].map(pass => [`${pass.at}/${pass.seed}`, pass]));
  return {
    attempts: Math.max(ours.attempts, theirs.attempts),
    passes: [...passes.values()].toSorted((a, b) => a.at - b.at),
    last: (theirs.last?.at ?? 0) > (ours.last?.at ?? 0) ? theirs.last : ours.last,
    hintsShown: [...new Set([...ours.hintsShown, ...theirs.hintsShown])],
    revealed: ours.revealed || theirs.revealed,
    skipped: (ours.skipped || theirs.skipped) && passes.size === 0,
    ...joinPredictions(ours, theirs),
    ...joinAttacks(ours, theirs),
  };
}

function joinAttacks(ours: LabProgress, theirs: LabProgress): Pick<LabProgress, 'attacksWon'> {
  const won = [...new Set([...(ours.attacksWon ?? []), ...(theirs.attacksWon ?? [])])];
  return won.length === 0 ? {} : {attacksWon: won};
}

/** A question that both know is further along where it was scored or sealed. */
function joinPredictions(ours: LabProgress, theirs: LabProgress): Pick<LabProgress, 'predictions'> {
  const joined = new Map<string, PredictionRecord>();
  for (const record of [...(theirs.predictions ?? []), ...(ours.predictions ?? [])]) {
    const key = `${record.moment}/${record.seed}`;
    const known = joined.get(key);
    if (known === undefined || stepsOf(record) >= stepsOf(known)) joined.set(key, record);
  }
  return joined.size === 0 ? {} : {predictions: [...joined.values()].toSorted((a, b) => a.askedAt - b.askedAt)};
}

function stepsOf({sealed, scored}: PredictionRecord): number {
  return scored !== undefined ? 2 : sealed !== undefined ? 1 : 0;
}

async function readTheirs(file: string): Promise<ProgressData> {
  const wrong = (why: string): LabError => new LabError('USAGE', `${file} is no exported progress: ${why}.`);
  let data: Partial<ProgressData> | undefined;
  try {
    data = await readVersioned<Partial<ProgressData>>(file, VERSION);
  } catch (error) {
    if (error instanceof LabError && error.code === 'DAMAGED_FILE') throw wrong('it is not JSON with a version');
    throw error;
  }
  if (data === undefined) throw wrong('there is no such file');
  if (typeof data.labs !== 'object' || data.labs === null || !Object.values(data.labs).every(isLabProgress))
    throw wrong('its labs are not as an export writes them');
  return {labs: data.labs};
}

function isLabProgress(value: unknown): value is LabProgress {
  if (typeof value !== 'object' || value === null) return false;
  const {
    attempts,
    passes,
    last,
    hintsShown,
    revealed,
    skipped,
    predictions = [],
    attacksWon = [],
  } = value as Partial<LabProgress>;
  return (
    typeof attempts === 'number' &&
    Array.isArray(passes) &&
    (last === null || typeof last === 'object') &&
    Array.isArray(hintsShown) &&
    typeof revealed === 'boolean' &&
    typeof skipped === 'boolean' &&
    Array.isArray(predictions) &&
    Array.isArray(attacksWon)
  );
}
