import {copyFile, mkdir, readdir, readFile, rename, stat} from 'node:fs/promises';
import {dirname, join, relative} from 'node:path';
import {LabError} from '../errors.ts';
import {asLabError, writeAtomically} from '../files.ts';
import {confine} from './confine.ts';
import {type Edited, learnersFiles} from './edited-files.ts';
import type {AnyLab} from './lab.ts';
import {ensureRepository} from './own-repository.ts';
import {seamTypeFiles} from './seam-types.ts';

const KEPT = 'kept';
/** A file of the learner's is readable like any other of theirs. */
const FILE_MODE = 0o644;

/** The learner's folder: visible, theirs, and fit for their own git repository. */
export interface Workspace {
  readonly folder: string;
  /** Where a lab's files are: `<workspace>/labs/<id>`. */
  labFolder(id: string): string;
  /** Makes the workspace where it is missing and brings its types up to date. What the learner changed stays. */
  ensure(): Promise<void>;
  /** Copies those of the lab's start files that are not there yet. Returns what was copied, relative to the lab's folder. */
  ensureLab(lab: Pick<AnyLab, 'id'>, sourceFolder: string): Promise<readonly string[]>;
  /** Brings the start files back. Returns the folder that the old ones were moved to, or undefined when there were none. */
  resetLab(lab: Pick<AnyLab, 'id'>, sourceFolder: string): Promise<string | undefined>;
  /** The files of a lab that are the learner's, absolute: those that are edited, and then their tests. Errors: WORKSPACE_FILE_MISSING, NOT_ALLOWED. */
  editedFiles(lab: Pick<AnyLab, 'id'> & Edited): Promise<readonly string[]>;
}

export interface WorkspaceOptions {
  readonly folder: string;
  /** The package's `templates/workspace`. */
  readonly templates: string;
  /** The package's `services`. */
  readonly services: string;
  readonly now?: () => number;
  /** Whether a workspace that is made becomes a git repository of its own, where it is in none. Default: no. */
  readonly repository?: boolean;
}

/** Opens a workspace; nothing is written before it is asked for. Errors of all writes: NOT_ALLOWED, NO_SPACE. */
export function openWorkspace({
  folder,
  templates,
  services,
  now = Date.now,
  repository = false,
}: WorkspaceOptions): Workspace {
  const labFolder = (id: string): string => join(folder, 'labs', id);
  return {
    folder,
    labFolder,
    async ensure() {
      const isNew = !(await exists(join(folder, 'README.md')));
      await inFolder(folder, async () => {
        for (const [template, path] of TEMPLATES) {
          // What the learner has removed of it stays away.
          if (!isNew && path === WORKFLOW) continue;
          const text = await readFile(join(templates, template), 'utf8');
          await writeWhereMissing(await confine(folder, path), text);
        }
        await refresh(
          folder,
          '.teralab/types/node-modules.d.ts',
          await readFile(join(templates, 'node-modules.d.ts'), 'utf8'),
        );
        for (const {path, text} of await seamTypeFiles(services)) await refresh(folder, `.teralab/types/${path}`, text);
        if (isNew && repository) await ensureRepository(folder);
      });
    },
    ensureLab: ({id}, source) => inFolder(folder, () => copyMissing(folder, labFolder(id), join(source, 'start'))),
    resetLab: ({id}, source) =>
      inFolder(folder, async () => {
        const kept = await moveAside(folder, labFolder(id), now());
        await copyMissing(folder, labFolder(id), join(source, 'start'));
        return kept;
      }),
    async editedFiles({id, ...edited}) {
      const files = learnersFiles(edited);
      return Promise.all(
        files.map(async file => {
          const path = await confine(labFolder(id), file);
          if ((await stat(path).catch(() => undefined))?.isFile()) return path;
          throw new LabError('WORKSPACE_FILE_MISSING', `${join(labFolder(id), file)} is not there.`);
        }),
      );
    },
  };
}

const WORKFLOW = '.github/workflows/teralab.yml';
/** Template and where it goes. npm leaves out files named .gitignore, hence its other name. */
const TEMPLATES = [
  ['README.md', 'README.md'],
  ['tsconfig.json', 'tsconfig.json'],
  ['gitignore', '.gitignore'],
  ['teralab.yml', WORKFLOW],
] as const;

async function copyMissing(workspace: string, target: string, source: string): Promise<string[]> {
  const copied: string[] = [];
  for (const file of await filesBelow(source)) {
    const path = await confine(workspace, join(relative(workspace, target), file));
    if (await exists(path)) continue;
    await mkdir(dirname(path), {recursive: true});
    await copyFile(join(source, file), path);
    copied.push(file);
  }
  return copied;
}

/** Moves everything but what was kept before into `kept/<time>`. */
async function moveAside(workspace: string, labFolder: string, now: number): Promise<string | undefined> {
  const real = await confine(workspace, relative(workspace, labFolder));
  const entries = (await readdir(real).catch(() => [])).filter(name => name !== KEPT);
  if (entries.length === 0) return undefined;
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(':', '-');
  const target = await freeName(await confine(workspace, join(relative(workspace, labFolder), KEPT, stamp)));
  await mkdir(target, {recursive: true});
  for (const name of entries) await rename(join(real, name), join(target, name));
  return target;
}

async function freeName(path: string): Promise<string> {
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? path : `${path}-${count}`;
    if (!(await exists(candidate))) return candidate;
  }
}

async function refresh(folder: string, path: string, text: string): Promise<void> {
  const file = await confine(folder, path);
  if ((await readFile(file, 'utf8').catch(() => undefined)) !== text) await writeAtomically(file, text, FILE_MODE);
}

async function writeWhereMissing(file: string, text: string): Promise<void> {
  if (!(await exists(file))) await writeAtomically(file, text, FILE_MODE);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true});
  return entries
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    await mkdir(folder, {recursive: true});
    return await work();
  } catch (error) {
    throw asLabError(error, folder);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
