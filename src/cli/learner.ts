import {stat} from 'node:fs/promises';
import {join} from 'node:path';
import {findEntries} from '../controller/entries.ts';
import {LabError} from '../errors.ts';
import {openLabs} from '../labs/all-labs.ts';
import type {Catalogue} from '../labs/catalogue.ts';
import {CURRICULUM} from '../labs/curriculum.ts';
import {learnersFiles as allFilesOf, editedFiles as filesOf} from '../labs/edited-files.ts';
import type {AnyLab} from '../labs/lab.ts';
import {openProgress, type ProgressData, type ProgressStore} from '../labs/progress.ts';
import {nextLab, standingOf} from '../labs/status.ts';
import {openWorkspace, type Workspace} from '../labs/workspace.ts';
import {labPaths} from '../paths.ts';
import type {Context} from './context.ts';

/** `back`: to look back at it, so that a lab that was just passed is the one last worked on, too. Default `ahead`. */
export type Looking = 'ahead' | 'back';

/** What commands on labs work with: the labs, the learner's files, and how far they are. Needs no running system. */
export interface Learner {
  readonly catalogue: Catalogue;
  readonly progress: ProgressStore;
  readonly workspace: Workspace;
  /** Makes the workspace and the lab's files where they are missing; gives the files that the learner edits. */
  prepare(lab: AnyLab): Promise<readonly string[]>;
  /** A lab by id or the start of one; without a name the one last worked on, or the next open one. Errors: UNKNOWN_LAB. */
  pick(name: string | undefined, looking?: Looking): Promise<AnyLab>;
  /** The next open lab; undefined when all are passed or skipped. */
  next(): Promise<AnyLab | undefined>;
}

export function openLearner(context: Pick<Context, 'workspace' | 'labs'>): Learner {
  const catalogue = openLabs({...findEntries(), labs: context.labs});
  const progress = openProgress(labPaths().data);
  const workspace = openWorkspace({folder: context.workspace, repository: true, ...workspaceSources()});
  const next = async (): Promise<AnyLab | undefined> => nextLab(await catalogue.list(), await progress.read());
  return {
    catalogue,
    progress,
    workspace,
    next,
    prepare: async lab => {
      await workspace.ensure();
      await workspace.ensureLab(lab, await catalogue.folder(lab.id));
      return workspace.editedFiles(lab);
    },
    pick: async (name, looking = 'ahead') => {
      if (name !== undefined) return byName(catalogue, name);
      const labs = await catalogue.list();
      const last = await lastWorkedOn(labs, await progress.read(), workspace, looking);
      const lab = last ?? (await next()) ?? labs[0];
      if (lab === undefined) throw new LabError('UNKNOWN_LAB', 'This installation has no labs.');
      return lab;
    },
  };
}

/** What a workspace is made from. */
export function workspaceSources(): {readonly templates: string; readonly services: string} {
  const {packageFolder} = findEntries();
  return {templates: join(packageFolder, 'templates', 'workspace'), services: join(packageFolder, 'services')};
}

/** What the controller has to know to find the lab: `{lab, labs}`. */
export function labOrder(context: Pick<Context, 'labs'>, lab: Pick<AnyLab, 'id'>): {lab: string; labs?: string} {
  return {lab: lab.id, ...(context.labs === undefined ? {} : {labs: context.labs})};
}

/** Absolute paths of all files of a lab that are the learner's: those that are edited, and their tests. */
export function learnersFiles(lab: AnyLab, folder: string): readonly string[] {
  return allFilesOf(lab).map(name => join(folder, name));
}

/** Absolute paths of the files of a lab that the learner edits. */
export function editedFiles(lab: AnyLab, folder: string): readonly string[] {
  return filesOf(lab).map(name => join(folder, name));
}

async function byName(catalogue: Catalogue, name: string): Promise<AnyLab> {
  try {
    return await catalogue.load(name);
  } catch (error) {
    const planned = CURRICULUM.filter(({id}) => name !== '' && id.startsWith(name));
    const [only] = planned;
    if (!(error instanceof LabError) || error.code !== 'UNKNOWN_LAB' || only === undefined || planned.length > 1)
      throw error;
    throw new LabError('UNKNOWN_LAB', `${only.id} is on the path, but not part of this version yet.`);
  }
}

/** The lab whose files or checks are the newest; looking ahead, not one that is behind the learner. */
async function lastWorkedOn(
  labs: readonly AnyLab[],
  progress: ProgressData,
  workspace: Workspace,
  looking: Looking,
): Promise<AnyLab | undefined> {
  const ids = labs.map(({id}) => id);
  const touched = await Promise.all(
    labs.map(async lab => {
      const files = learnersFiles(lab, workspace.labFolder(lab.id));
      const times = await Promise.all(files.map(async file => (await stat(file).catch(() => undefined))?.mtimeMs ?? 0));
      return {lab, at: Math.max(0, progress.labs[lab.id]?.last?.at ?? 0, ...times)};
    }),
  );
  const [newest] = touched.filter(({at}) => at > 0).toSorted((a, b) => b.at - a.at);
  if (newest === undefined || looking === 'back') return newest?.lab;
  const {status} = standingOf(newest.lab, progress, ids);
  return status === 'passed' || status === 'skipped' ? undefined : newest.lab;
}
