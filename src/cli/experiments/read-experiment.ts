import {readdir, readFile} from 'node:fs/promises';
import {join, relative, resolve} from 'node:path';
import {findEntries} from '../../controller/entries.ts';
import {LabError} from '../../errors.ts';
import {checkExperiment} from '../../faults/experiments/check-experiment.ts';
import type {Experiment} from '../../faults/experiments/experiment.ts';
import type {Mistake} from '../../faults/experiments/mistakes.ts';
import {findProgram} from '../../faults/experiments/process-provider.ts';
import {asLabError, systemCode} from '../../files.ts';
import {nearest} from '../../nearest.ts';

const EXTENSIONS = ['.yaml', '.yml', '.json'];

export interface ExperimentFile {
  readonly file: string;
  readonly text: string;
}

export type CheckedFile = ExperimentFile & {
  readonly experiment: Experiment | undefined;
  readonly mistakes: readonly Mistake[];
};

/** Experiments that come with teralab: their names, which are those of their files. */
export async function readyExperiments(): Promise<readonly string[]> {
  const names = await readdir(readyFolder()).catch(() => []);
  return names
    .filter(name => name.endsWith('.yaml'))
    .map(name => name.slice(0, -'.yaml'.length))
    .sort();
}

/** Reads a file by its path, or a ready experiment by its name, and looks what is wrong with it. Errors: UNKNOWN_EXPERIMENT, NOT_ALLOWED. */
export async function readExperiment(fileOrName: string): Promise<CheckedFile> {
  const found = await findFile(fileOrName);
  return {...found, ...checkText(found.text)};
}

/** The same for one that has to be right. Errors: BAD_EXPERIMENT too, with every mistake. */
export async function needExperiment(
  fileOrName: string,
): Promise<{file: string; text: string; experiment: Experiment}> {
  const {file, text, experiment, mistakes} = await readExperiment(fileOrName);
  if (experiment === undefined)
    throw new LabError('BAD_EXPERIMENT', mistakes.map(mistake => mistakeLine(file, mistake)).join('\n'));
  return {file, text, experiment};
}

export function checkText(text: string): Pick<CheckedFile, 'experiment' | 'mistakes'> {
  return checkExperiment(text, {environment: process.env, canRun: path => findProgram(path) !== undefined});
}

/** `slow.yaml:12:7: …`, as compilers write it and editors read it. */
export function mistakeLine(file: string, {line, column, message}: Mistake): string {
  return `${shownPath(file)}:${line}:${column}: ${message}`;
}

/** A path as short as it can be from here. */
export function shownPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === '' || short.startsWith('..') ? file : short;
}

async function findFile(fileOrName: string): Promise<ExperimentFile> {
  const isPath = fileOrName.includes('/') || EXTENSIONS.some(extension => fileOrName.endsWith(extension));
  const candidates = [resolve(fileOrName), ...(isPath ? [] : [join(readyFolder(), `${fileOrName}.yaml`)])];
  for (const file of candidates) {
    try {
      return {file, text: await readFile(file, 'utf8')};
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw asLabError(error, file);
    }
  }
  if (isPath) throw new LabError('UNKNOWN_EXPERIMENT', `There is no file ${fileOrName}.`);
  const near = nearest(fileOrName, await readyExperiments());
  throw new LabError(
    'UNKNOWN_EXPERIMENT',
    `There is neither a file nor a ready experiment "${fileOrName}".${near === undefined ? '' : ` Did you mean "${near}"?`}`,
  );
}

function readyFolder(): string {
  return join(findEntries().packageFolder, 'labs', 'experiments');
}
